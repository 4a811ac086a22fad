package l4proxy.net;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLEngine;
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
   * Does the handshake; bound it by {@link Input#deadline} before.
   *
   * @throws IOException when the other side breaks off, is refused, or is too slow
   */
  public void handshake() throws IOException {
    Carriers.handshake();
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
}
