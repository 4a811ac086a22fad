package l4proxy.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import l4proxy.net.Connection;

/** What this proxy itself says to a user. */
final class Answers {
  /** How long, and how much, a user may go on sending what nobody reads, to see the answer. */
  static final Duration LINGER = Duration.ofSeconds(2);

  /** The methods that are usual; others are passed on, too. */
  static final String ALLOWED = "CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";

  private static final String CLOSE = "Connection: close\r\n";

  private static final int DISCARDED = 1024 * 1024;

  private Answers() {}

  /**
   * Answers a request that cannot be served.
   *
   * @param method of the request; HEAD is answered without a body
   * @param close whether it is the last answer on the connection
   */
  static void send(Connection user, String method, Rejection no, boolean close) throws IOException {
    byte[] body = (no.sentence() + "\n").getBytes(StandardCharsets.US_ASCII);
    StringBuilder head = new StringBuilder();
    head.append("HTTP/1.1 ").append(no.status()).append(' ').append(no.reason()).append("\r\n");
    if (!no.header().isEmpty()) {
      head.append(no.header()).append("\r\n");
    }
    head.append("Content-Type: text/plain\r\nCache-Control: no-store\r\n");
    if (close) {
      head.append(CLOSE);
    }
    head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(head.toString().getBytes(StandardCharsets.US_ASCII));
    if (!method.equals("HEAD")) {
      all.write(body);
    }
    user.out().write(all.toByteArray());
  }

  /**
   * Answers an OPTIONS that asks this proxy itself.
   *
   * @param close whether it is the last answer on the connection
   */
  static void options(Connection user, boolean close) throws IOException {
    String head =
        "HTTP/1.1 200 OK\r\nAllow: "
            + ALLOWED
            + "\r\nContent-Length: 0\r\n"
            + (close ? CLOSE : "")
            + "\r\n";
    user.out().write(head.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * Ends the outgoing direction and reads on for a moment: to close with something unread would
   * reset the connection, and the answer might never be seen.
   */
  static void linger(Connection user) {
    linger(user, DISCARDED);
  }

  /** The same with another bound, in bytes. */
  static void linger(Connection user, int most) {
    try {
      user.shutdownOutput();
      user.in().deadline(LINGER);
      int read = user.in().buffered();
      user.in().consume(read);
      while (read < most && user.in().fill()) {
        read += user.in().buffered();
        user.in().consume(user.in().buffered());
      }
    } catch (IOException gone) {
      // so is everything to be read
    }
  }
}
