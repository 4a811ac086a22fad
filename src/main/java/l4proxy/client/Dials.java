package l4proxy.client;

import java.time.Duration;
import java.util.Optional;
import l4proxy.events.Event;

/**
 * Whether a backend can be connected, as its users find it. The person at the client hears when it
 * cannot, every {@link #APART} at most, and when it can again: nobody else would say why users are
 * refused. Safe from any thread.
 */
final class Dials {
  /** At least so long between two warnings, however often the backend comes and goes. */
  static final Duration APART = Duration.ofSeconds(10);

  private volatile boolean warned;
  private long last = Long.MIN_VALUE;

  /**
   * A user was refused.
   *
   * @param which the backend, as a sentence names it
   * @param fault why
   * @param now {@link System#nanoTime()}
   * @return what is to be said of it
   */
  synchronized Optional<Event> failed(String which, String fault, long now) {
    if (warned || last != Long.MIN_VALUE && now - last < APART.toNanos()) {
      return Optional.empty();
    }
    warned = true;
    last = now;
    return Optional.of(
        new Event.Warned(
            which
                + " cannot be connected ("
                + fault
                + "), so its users are refused: start it, or name another host and port"));
  }

  /**
   * A user was connected.
   *
   * @return what is to be said of it
   */
  Optional<Event> answered(String which) {
    return warned ? healed(which) : Optional.empty();
  }

  private synchronized Optional<Event> healed(String which) {
    boolean news = warned;
    warned = false;
    return news ? Optional.of(new Event.Noted(which + " is connected again")) : Optional.empty();
  }
}
