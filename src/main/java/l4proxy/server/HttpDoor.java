package l4proxy.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Keys;
import l4proxy.net.Connection;
import l4proxy.net.Input;
import l4proxy.net.PlainConnection;
import l4proxy.net.Relay;
import l4proxy.net.Sockets;
import l4proxy.wire.ProtocolException;

/**
 * A way in to the HttpServer, which itself listens on a loopback port that nobody is told of. A
 * connection counts as a handshake until its first request's head is there whole; then it is
 * relayed. Without a key that counts it goes on being one, and is answered once: whoever proves
 * nothing keeps no place from those who do.
 */
final class HttpDoor {
  private static final int HEAD = 16 * 1024;
  private static final Duration CONNECTING = Duration.ofSeconds(5);

  private static final byte[] ONCE = "Connection: close\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final Pattern BEARER =
      Pattern.compile(
          "(?im)^authorization:[ \t]*bearer[ \t]+(l4p1_[A-Za-z0-9_-]{1,200})[ \t]*\r?$");

  /**
   * The space around the value is left to strip(): a pattern for it takes the square of it in time.
   */
  private static final Pattern COOKIES = Pattern.compile("(?im)^cookie:(.*)$");

  private final InetSocketAddress http;
  private final Keys keys;
  private final BrowserSessions browsers;

  /**
   * A way in.
   *
   * @param http where the HttpServer listens
   * @param keys that count
   * @param browsers whose cookies count
   */
  HttpDoor(InetSocketAddress http, Keys keys, BrowserSessions browsers) {
    this.http = http;
    this.keys = keys;
    this.browsers = browsers;
  }

  /** Whether a request's head carries a key, or a session's cookie, that counts. */
  boolean proven(byte[] head) {
    String text = new String(head, StandardCharsets.ISO_8859_1);
    Matcher bearer = BEARER.matcher(text);
    if (!bearer.find()) {
      Matcher cookies = COOKIES.matcher(text);
      return cookies.find() && browsers.find(cookies.group(1).strip()).isPresent();
    }
    try {
      return keys.find(JoinKey.parse(bearer.group(1)).secret()).isPresent();
    } catch (IllegalArgumentException notAKey) {
      return false;
    }
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

  /** Relays a connection that has proven a key to the HttpServer, to its end. */
  void relay(Connection from, byte[] head) throws IOException, InterruptedException {
    from.in().deadline(Duration.ZERO);
    pass(from, head);
  }

  /** Has one request answered; all of it has to arrive within the connection's deadline. */
  void answerOnce(Connection from, byte[] head) throws IOException, InterruptedException {
    int line = 1;
    while (head[line - 1] != '\n') {
      line++;
    }
    ByteArrayOutputStream once = new ByteArrayOutputStream();
    once.write(head, 0, line);
    once.write(ONCE);
    once.write(head, line, head.length - line);
    pass(from, once.toByteArray());
  }

  private void pass(Connection from, byte[] head) throws IOException, InterruptedException {
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
            try {
              Relay.copy(from.in(), to.out()::write, n -> {});
            } catch (SocketTimeoutException late) {
              // the answer may still be on its way
            }
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
