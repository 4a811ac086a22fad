package l4proxy.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import l4proxy.net.Buffers;

/** Where a body goes, framed as the other side expects it. */
interface Sink {
  /** Writes a piece, which is not empty. */
  void write(byte[] buffer, int offset, int length) throws IOException;

  /** The body is whole. */
  void end() throws IOException;

  /** As it comes: its length is known, or it ends with the connection. */
  static Sink raw(OutputStream out) {
    return new Sink() {
      @Override
      public void write(byte[] buffer, int offset, int length) throws IOException {
        out.write(buffer, offset, length);
      }

      @Override
      public void end() {}
    };
  }

  /** In chunks, each written at once with what belongs to it. */
  static Sink chunked(OutputStream out) {
    return new Sink() {
      @Override
      public void write(byte[] buffer, int offset, int length) throws IOException {
        byte[] size = (Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        byte[] chunk = Buffers.take();
        try {
          System.arraycopy(size, 0, chunk, 0, size.length);
          System.arraycopy(buffer, offset, chunk, size.length, length);
          chunk[size.length + length] = '\r';
          chunk[size.length + length + 1] = '\n';
          out.write(chunk, 0, size.length + length + 2);
        } finally {
          Buffers.give(chunk);
        }
      }

      @Override
      public void end() throws IOException {
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      }
    };
  }

  /** Says when a piece has been written. */
  static Sink observed(Sink target, Runnable written) {
    return new Sink() {
      @Override
      public void write(byte[] buffer, int offset, int length) throws IOException {
        target.write(buffer, offset, length);
        written.run();
      }

      @Override
      public void end() throws IOException {
        target.end();
        written.run();
      }
    };
  }

  /** Refuses a body of more bytes. */
  static Sink atMost(int most, Sink target) {
    return new Sink() {
      private int left = most;

      @Override
      public void write(byte[] buffer, int offset, int length) throws IOException {
        left -= length;
        if (left < 0) {
          throw OriginRequest.tooLong();
        }
        target.write(buffer, offset, length);
      }

      @Override
      public void end() throws IOException {
        target.end();
      }
    };
  }

  /** Drops what comes once the other side has broken. One thread uses it, any may look. */
  final class Tolerant implements Sink {
    private final Sink target;
    private volatile boolean broken;

    Tolerant(Sink target) {
      this.target = target;
    }

    @Override
    public void write(byte[] buffer, int offset, int length) {
      run(() -> target.write(buffer, offset, length));
    }

    @Override
    public void end() {
      run(target::end);
    }

    private interface Writing {
      void run() throws IOException;
    }

    private void run(Writing writing) {
      if (!broken) {
        try {
          writing.run();
        } catch (IOException e) {
          broken = true;
        }
      }
    }

    boolean broken() {
      return broken;
    }
  }
}
