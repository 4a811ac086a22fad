package l4proxy.net;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * TLS behind blocking streams: an SSLEngine between a plain connection and its caller.
 *
 * <p>Not SSLSocket, for three reasons: several records go out and come in with one system call, an
 * idle connection keeps no record buffers, and reading never writes. What a read leaves to be
 * written (a KeyUpdate answer) goes out with the next write, as RFC 8446, 4.6.3 allows, so that a
 * reader cannot get stuck behind a full pipe.
 */
public final class TlsConnection implements Connection {
  private final PlainConnection plain;
  private final SSLEngine engine;
  private final TlsInput in;
  private final TlsOutput out;

  /**
   * Takes over a connection, on which the handshake is still to be done.
   *
   * @param plain what carries the records; bytes that it has buffered belong to the handshake
   * @param engine a fresh engine, client or server
   */
  public TlsConnection(PlainConnection plain, SSLEngine engine) {
    this.plain = plain;
    this.engine = engine;
    this.in = new TlsInput(plain.socketInput(), engine);
    this.out = new TlsOutput(plain.out(), engine);
  }

  /**
   * Does the handshake; bound it by {@link Input#deadline(Duration)} before.
   *
   * @throws IOException when the other side breaks off, is refused, or is too slow
   */
  public void handshake() throws IOException {
    try {
      engine.beginHandshake();
      HandshakeStatus status = engine.getHandshakeStatus();
      while (status != HandshakeStatus.NOT_HANDSHAKING && status != HandshakeStatus.FINISHED) {
        switch (status) {
          case NEED_TASK -> runTasks(engine);
          case NEED_WRAP -> out.wrapHandshake();
          default -> in.unwrapHandshake();
        }
        status = engine.getHandshakeStatus();
      }
    } catch (SSLException e) {
      sendAlert();
      throw e;
    }
  }

  /** Tells the other side why the handshake failed, as far as that is possible. */
  private void sendAlert() {
    try {
      if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
        out.wrapHandshake();
      }
    } catch (IOException gone) {
      // the failure itself is on its way to the caller
    }
  }

  static void runTasks(SSLEngine engine) {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  /**
   * What the two sides agreed to speak.
   *
   * @return the ALPN protocol, empty when the client named none
   */
  public String protocol() {
    String agreed = engine.getApplicationProtocol();
    return agreed == null ? "" : agreed;
  }

  /**
   * The engine, to ask who the other side is.
   *
   * @return the engine
   */
  public SSLEngine engine() {
    return engine;
  }

  @Override
  public Input in() {
    return in;
  }

  @Override
  public OutputStream out() {
    return out;
  }

  @Override
  public void shutdownOutput() throws IOException {
    engine.closeOutbound();
    out.wrapHandshake();
    plain.shutdownOutput();
  }

  @Override
  public void abort() {
    plain.abort();
  }

  @Override
  public void close() {
    plain.close();
  }

  @Override
  public InetSocketAddress remote() {
    return plain.remote();
  }

  @Override
  public InetSocketAddress local() {
    return plain.local();
  }

  @Override
  public boolean encrypted() {
    return true;
  }

  /** Opens records into a large buffer that is lent only while there is something in it. */
  private static final class TlsInput extends Input {
    private static final byte[] NONE = new byte[0];
    private static final int MOST_EMPTY = 128;

    private final SocketInput sealed;
    private final SSLEngine engine;
    private byte[] buffer = NONE;
    private int position;
    private int limit;
    private int empty;

    TlsInput(SocketInput sealed, SSLEngine engine) {
      this.sealed = sealed;
      this.engine = engine;
    }

    @Override
    public boolean fill() throws IOException {
      if (position < limit) {
        throw new IllegalStateException("consume what is buffered before filling again");
      }
      letGo();
      while (!engine.isInboundDone()) {
        if (sealed.buffered() > 0 && unwrap()) {
          return true;
        }
        if (!engine.isInboundDone() && !sealed.fill()) {
          if (sealed.buffered() > 0) {
            throw new EOFException("the connection ended within a TLS record");
          }
          return false;
        }
      }
      return false;
    }

    /** Opens all records that are whole; true when that gave bytes. */
    private boolean unwrap() throws IOException {
      if (buffer.length == 0) {
        buffer = Buffers.take();
        position = Buffers.HEADROOM;
        limit = Buffers.HEADROOM;
      }
      ByteBuffer from = ByteBuffer.wrap(sealed.buffer(), sealed.position(), sealed.buffered());
      ByteBuffer to = ByteBuffer.wrap(buffer, limit, buffer.length - limit);
      boolean more = from.hasRemaining();
      while (more) {
        SSLEngineResult result = engine.unwrap(from, to);
        sealed.consume(result.bytesConsumed());
        countEmpty(result);
        if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
          runTasks(engine);
        }
        more =
            result.getStatus() == SSLEngineResult.Status.OK
                && (result.bytesConsumed() > 0 || result.bytesProduced() > 0)
                && from.hasRemaining();
      }
      limit = to.position();
      if (limit > position) {
        return true;
      }
      letGo();
      return false;
    }

    /**
     * Records without data, KeyUpdates for example, cost work and answers: some are fine, also the
     * answers that a side held up in writing owes all at once; a flood is not.
     */
    private void countEmpty(SSLEngineResult result) throws SSLException {
      if (result.bytesProduced() > 0) {
        empty = 0;
      } else if (result.bytesConsumed() > 0 && ++empty > MOST_EMPTY) {
        throw new SSLException("too many TLS records without data");
      }
    }

    /** One step of the handshake: whatever one record brings. */
    void unwrapHandshake() throws IOException {
      if (sealed.buffered() == 0 && !sealed.fill()) {
        throw new SSLException("the connection ended within the TLS handshake");
      }
      ByteBuffer from = ByteBuffer.wrap(sealed.buffer(), sealed.position(), sealed.buffered());
      byte[] target = Buffers.take();
      try {
        SSLEngineResult result = engine.unwrap(from, ByteBuffer.wrap(target));
        sealed.consume(result.bytesConsumed());
        switch (result.getStatus()) {
          case BUFFER_UNDERFLOW -> {
            if (!sealed.fill()) {
              throw new SSLException("the connection ended within the TLS handshake");
            }
          }
          case CLOSED -> throw new SSLException("the other side ended the TLS handshake");
          default -> {}
        }
      } finally {
        Buffers.give(target);
      }
    }

    private void letGo() {
      if (buffer.length > 0) {
        Buffers.give(buffer);
        buffer = NONE;
        position = 0;
        limit = 0;
      }
    }

    @Override
    public byte[] buffer() {
      return buffer;
    }

    @Override
    public int position() {
      return position;
    }

    @Override
    public int buffered() {
      return limit - position;
    }

    @Override
    public void consume(int count) {
      position += count;
    }

    @Override
    public void deadline(Duration time) throws IOException {
      sealed.deadline(time);
    }

    @Override
    public int available() throws IOException {
      return buffered() > 0 ? buffered() : sealed.available();
    }
  }

  /** Seals up to four records into one large buffer and writes it with one call. */
  private static final class TlsOutput extends OutputStream {
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
                runTasks(engine); // before that nothing is sealed
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
}
