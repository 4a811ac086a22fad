package l4proxy.http;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import l4proxy.net.Connection;

/**
 * How long a server is waited for that has a request: its silence counts from the last that moved,
 * and while the request's body is under way, that is what goes to the server.
 *
 * <p>The thread that carries the response waits, the one that carries the body says what {@link
 * #moved}. Once that one is through, nobody reads the user: so the waiting thread looks now and
 * then whether the user's connection broke. An end of stream is no break: who has asked may end.
 */
final class Patience {
  /** How often it is looked whether something moved meanwhile. */
  private static final Duration SLICE = Duration.ofSeconds(1);

  /** How long a look takes; a broken connection shows at once. */
  private static final Duration LOOK = Duration.ofMillis(10);

  private final Connection user;
  private final Connection server;
  private final Duration silence;
  private final CountDownLatch bodyOver;
  private boolean userEnded;
  private volatile long moved = System.nanoTime();

  /** The user is gone, and with it whoever wanted a response. */
  static final class UserGone extends IOException {
    private static final long serialVersionUID = 1;

    UserGone(IOException cause) {
      super("the user broke off: " + cause.getMessage(), cause);
    }
  }

  /**
   * For one request.
   *
   * @param bodyOver counted down when nobody else reads the user any more
   */
  Patience(Connection user, Connection server, Duration silence, CountDownLatch bodyOver) {
    this.user = user;
    this.server = server;
    this.silence = silence;
    this.bodyOver = bodyOver;
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
   * @throws UserGone when the user's connection broke
   */
  void await() throws IOException {
    moved();
    while (server.in().buffered() == 0 && !over()) {
      if (left() <= 0) {
        throw new SocketTimeoutException("the server was silent for too long");
      }
      look();
    }
    server.in().deadline(silence);
  }

  /**
   * Waits until the request's body is through, or cannot go on.
   *
   * @param broken whether the server takes no more of it
   * @throws SocketTimeoutException when nothing of it went to the server for too long
   */
  void awaitBody(BooleanSupplier broken) throws SocketTimeoutException, InterruptedException {
    moved();
    while (!broken.getAsBoolean() && !bodyOver.await(slice(), TimeUnit.MILLISECONDS)) {
      if (left() <= 0) {
        throw new SocketTimeoutException("nothing of a request went to the server for too long");
      }
    }
  }

  /** Waits for a slice; whether that is over since something came, or the end. */
  private boolean over() throws IOException {
    server.in().deadline(Duration.ofMillis(slice()));
    try {
      server.in().fill();
      return true;
    } catch (SocketTimeoutException e) {
      return false; // no line is cut in two: it is only waited while nothing is buffered
    }
  }

  /** What the user sends meanwhile stays buffered: it is the next request. */
  private void look() throws UserGone {
    if (bodyOver.getCount() > 0 || userEnded || user.in().buffered() > 0) {
      return;
    }
    try {
      user.in().deadline(LOOK);
      userEnded = !user.in().fill();
    } catch (SocketTimeoutException e) {
      // the user waits
    } catch (IOException e) {
      throw new UserGone(e);
    }
  }

  /** Milliseconds; one more than are left, since an input drops what is no whole one. */
  private long slice() {
    return Math.clamp(left() + 1, 1, SLICE.toMillis());
  }

  /** Milliseconds. */
  private long left() {
    return silence.minusNanos(System.nanoTime() - moved).toMillis();
  }
}
