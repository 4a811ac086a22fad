package l4proxy.image;

import static org.awaitility.Awaitility.await;

import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import org.awaitility.core.ConditionTimeoutException;

/** Whether somebody listens. */
final class Tcp {
  private Tcp() {}

  /** Waits until a program that was started listens on its port. */
  static void awaitListening(int port, Program program) {
    try {
      await()
          .atMost(Duration.ofSeconds(20))
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .ignoreExceptionsInstanceOf(SocketException.class)
          .until(() -> {
            if (!program.isAlive()) {
              throw new AssertionError("it ended" + program.said());
            }
            try (Socket probe = new Socket("127.0.0.1", port)) {
              return probe.isConnected();
            }
          });
    } catch (ConditionTimeoutException e) {
      throw new AssertionError("nobody listens on " + port + program.said(), e);
    }
  }

  /** Waits until nobody listens. */
  static void awaitRefused(int port) {
    await()
        .atMost(Duration.ofSeconds(10))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> {
          try (Socket probe = new Socket("127.0.0.1", port)) {
            return !probe.isConnected();
          } catch (ConnectException refused) {
            return true;
          }
        });
  }
}
