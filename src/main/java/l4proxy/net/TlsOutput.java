package l4proxy.net;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;

/** Seals up to four records into one large buffer and writes it with one call. */
final class TlsOutput extends OutputStream {
  private final OutputStream sealed;
  private final SSLEngine engine;

  TlsOutput(OutputStream sealed, SSLEngine engine) {
    this.sealed = sealed;
    this.engine = engine;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    ByteBuffer from = ByteBuffer.wrap(source, offset, length);
    byte[] target = Buffers.take();
    try {
      ByteBuffer to = ByteBuffer.wrap(target);
      while (from.hasRemaining()) {
        SSLEngineResult result = engine.wrap(from, to);
        switch (result.getStatus()) {
          case BUFFER_OVERFLOW -> flush(to);
          case CLOSED -> throw new IOException("the TLS connection is closed");
          default -> {
            if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
              TlsConnection.runTasks(engine); // before that nothing is sealed
            }
          }
        }
      }
      flush(to);
    } finally {
      Buffers.give(target);
    }
  }

  /** Writes what the engine itself has to say, if anything. */
  void wrapHandshake() throws IOException {
    byte[] target = Buffers.take();
    try {
      ByteBuffer to = ByteBuffer.wrap(target);
      SSLEngineResult result;
      do {
        result = engine.wrap(ByteBuffer.allocate(0), to);
        flush(to);
      } while (result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP
          && result.bytesProduced() > 0);
    } finally {
      Buffers.give(target);
    }
  }

  private void flush(ByteBuffer to) throws IOException {
    if (to.position() > 0) {
      sealed.write(to.array(), 0, to.position());
      to.clear();
    }
  }
}
