package l4proxy.server;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import l4proxy.auth.Key;
import l4proxy.http.Rejection;

/**
 * The places for HTTP connections that have proven a key, so that no key can use up the HttpServer:
 * {@value #OF_KEY} for each, {@value #OF_KEYS} for all together; and {@value #OF_ADMINS} of their
 * own for all admins. With the {@value Handshakes#PLACES} of those who have proven nothing that is
 * less than the HttpServer takes. Safe from any thread.
 */
final class HttpPlaces {
  static final int OF_KEY = 64;
  static final int OF_KEYS = 256;
  static final int OF_ADMINS = 256;

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Integer> taken = new HashMap<>();
  private int keys;
  private int admins;

  /** One place, given back by closing it, once. */
  final class Place implements AutoCloseable {
    private final Key key;

    private Place(Key key) {
      this.key = key;
    }

    @Override
    public void close() {
      change(key, -1);
    }
  }

  /** Gives a place to one more connection; empty when there is none. */
  Optional<Place> enter(Key key) {
    lock.lock();
    try {
      boolean full =
          key.admin()
              ? admins >= OF_ADMINS
              : keys >= OF_KEYS || taken.getOrDefault(key.name(), 0) >= OF_KEY;
      if (full) {
        return Optional.empty();
      }
      change(key, 1);
      return Optional.of(new Place(key));
    } finally {
      lock.unlock();
    }
  }

  /** What to answer one with that has no place. */
  static Rejection full() {
    return new Rejection(
        503,
        "Too many connections are open already, at most "
            + OF_KEY
            + " with one key, "
            + OF_KEYS
            + " with all such keys and "
            + OF_ADMINS
            + " with admin keys; close one of those, or try again.");
  }

  private void change(Key key, int by) {
    lock.lock();
    try {
      if (key.admin()) {
        admins += by;
        return;
      }
      keys += by;
      taken.compute(
          key.name(),
          (name, before) -> {
            int now = (before == null ? 0 : before) + by;
            return now == 0 ? null : now;
          });
    } finally {
      lock.unlock();
    }
  }
}
