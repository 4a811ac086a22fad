package l4proxy.http;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import l4proxy.net.Connection;

/**
 * How long a server is waited for that has a request: its silence counts from the last that moved,
 * and while the request's body is under way, that is what goes to the server.
 *
 * <p>The thread that carries the response waits, the one that carries the body says what {@link
 * #moved}.
 */
final class Patience {
  /** How often it is looked whether something moved meanwhile. */
  private static final Duration SLICE = Duration.ofSeconds(1);

  private final Connection server;
  private final Duration silence;
  private volatile long moved = System.nanoTime();

  Patience(Connection server, Duration silence) {
    this.server = server;
    this.silence = silence;
  }

  /** A piece of the request went to the server. Any thread. */
  void moved() {
    moved = System.nanoTime();
  }

  /**
   * Waits for the beginning of a response, or the end of the stream; what follows is given as much
   * time.
   *
   * @throws SocketTimeoutException when both sides were silent for too long
   */
  void await() throws IOException {
    moved();
    while (server.in().buffered() == 0 && !over()) {
      if (left() <= 0) {
        throw new SocketTimeoutException("the server was silent for too long");
      }
    }
    server.in().deadline(silence);
  }

  /** Waits for a slice; whether that is over since something came, or the end. */
  private boolean over() throws IOException {
    // one more, since an input drops what is no whole millisecond
    server.in().deadline(Duration.ofMillis(Math.clamp(left() + 1, 1, SLICE.toMillis())));
    try {
      server.in().fill();
      return true;
    } catch (SocketTimeoutException e) {
      return false; // no line is cut in two: it is only waited while nothing is buffered
    }
  }

  /** Milliseconds. */
  private long left() {
    return silence.minusNanos(System.nanoTime() - moved).toMillis();
  }
}
