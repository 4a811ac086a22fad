package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Users of a public port on loopback, each with a read time-out. */
final class Users {
  private static final byte[] QUESTION = "who is there?".getBytes(StandardCharsets.US_ASCII);

  private Users() {}

  static Socket connect(int port) throws IOException {
    return connect("127.0.0.1", port);
  }

  static Socket connect(String host, int port) throws IOException {
    Socket socket = new Socket(host, port);
    socket.setSoTimeout(20_000);
    socket.setTcpNoDelay(true);
    return socket;
  }

  /** Says something to a backend that echoes, and hears it. */
  static void echo(Socket user) throws IOException {
    user.getOutputStream().write(QUESTION);
    assertArrayEquals(QUESTION, user.getInputStream().readNBytes(QUESTION.length));
  }

  /** One user comes, is served and goes. */
  static void isServed(String host, int port) throws IOException {
    try (Socket user = connect(host, port)) {
      echo(user);
    }
  }

  static void isServed(int port) throws IOException {
    isServed("127.0.0.1", port);
  }

  /** Tries until a user is served; {@link System#nanoTime()} then. */
  static long awaitServed(int port, Duration time) {
    await()
        .atMost(time)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .ignoreExceptionsInstanceOf(SocketException.class)
        .untilAsserted(() -> isServed(port));
    return System.nanoTime();
  }

  /**
   * What comes is the content from a place on, and then a reset, no clean end; the place that was
   * reached.
   */
  static long isReset(Socket user, long place) {
    long[] reached = {place};
    byte[] buffer = new byte[64 * 1024];
    SocketException reset =
        assertThrows(
            SocketException.class,
            () -> {
              while (true) {
                int count = user.getInputStream().read(buffer);
                assertTrue(count >= 0, "a clean end at " + reached[0]);
                reached[0] = Content.check(buffer, count, reached[0]);
              }
            });
    assertTrue(String.valueOf(reset.getMessage()).contains("reset"), reset.getMessage());
    return reached[0];
  }
}
