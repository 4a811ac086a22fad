package l4proxy.auth;

import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** Joins two TLS engines in memory. */
final class Engines {
  private Engines() {}

  /**
   * Hands records to and fro until neither side has anything to say; fails as the first one does.
   */
  static void handshake(SSLEngine client, SSLEngine server) throws SSLException {
    ByteBuffer toServer = ByteBuffer.allocate(1 << 17);
    ByteBuffer toClient = ByteBuffer.allocate(1 << 17);
    client.beginHandshake();
    server.beginHandshake();
    boolean moved = true;
    while (moved) {
      moved = send(client, toServer) | send(server, toClient);
      moved |= receive(server, toServer) | receive(client, toClient);
    }
  }

  private static boolean send(SSLEngine engine, ByteBuffer out) throws SSLException {
    runTasks(engine);
    int before = out.position();
    while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
      engine.wrap(ByteBuffer.allocate(0), out);
      runTasks(engine);
    }
    return out.position() > before;
  }

  private static boolean receive(SSLEngine engine, ByteBuffer in) throws SSLException {
    in.flip();
    int before = in.remaining();
    int left = -1;
    while (in.hasRemaining() && in.remaining() != left) {
      left = in.remaining();
      if (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
        break;
      }
      engine.unwrap(in, ByteBuffer.allocate(1 << 15));
      runTasks(engine);
    }
    boolean moved = in.remaining() < before;
    in.compact();
    return moved;
  }

  private static void runTasks(SSLEngine engine) {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }
}
