package l4proxy.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import l4proxy.net.Connection;
import l4proxy.net.Input;
import l4proxy.net.PlainConnection;
import l4proxy.net.Relay;
import l4proxy.net.Sockets;
import l4proxy.wire.ProtocolException;

/**
 * A way in to the HttpServer, which itself listens on a loopback port that nobody is told of. A
 * connection counts as a handshake until its first request's head is there whole; then it is
 * relayed.
 */
final class HttpDoor {
  private static final int HEAD = 16 * 1024;
  private static final Duration CONNECTING = Duration.ofSeconds(5);

  private final InetSocketAddress http;

  HttpDoor(InetSocketAddress http) {
    this.http = http;
  }

  /** Reads a request's head; the connection's deadline bounds the time. */
  byte[] head(Input in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int line = -1;
    while (head.size() < HEAD) {
      int b = in.read();
      if (b < 0) {
        throw new ProtocolException("the connection ended within an HTTP request");
      }
      head.write(b);
      if (b == '\n') {
        if (line == 0) {
          return head.toByteArray();
        }
        line = 0;
      } else if (b != '\r') {
        line = Math.max(line, 0) + 1;
      }
    }
    throw new ProtocolException("an HTTP request's head of more than " + HEAD + " bytes");
  }

  /** Relays a connection to the HttpServer, to its end. */
  void relay(Connection from, byte[] head) throws IOException, InterruptedException {
    from.in().deadline(Duration.ZERO);
    try (from;
        Connection to = new PlainConnection(Sockets.connect(http, CONNECTING))) {
      to.out().write(head);
      Runnable abort =
          () -> {
            from.close();
            to.abort();
          };
      Relay.run(
          "http " + Sockets.text(from.remote()),
          () -> {
            Relay.copy(from.in(), to.out()::write, n -> {});
            to.shutdownOutput();
          },
          () -> {
            Relay.copy(to.in(), from.out()::write, n -> {});
            from.shutdownOutput();
            from.close(); // what the browser leaves open, the HttpServer has given up
          },
          abort);
    }
  }
}
