package l4proxy.server;

import java.time.Duration;

/**
 * How many tunnels a pool is to have, and where those are that are not idle. Guarded by the lock of
 * the pool.
 */
final class TunnelDemand {
  private static final int LEAST = 2;
  private static final int MOST_SPARE = 64;

  /**
   * Tunnels that are on their way at once: four times as many as a client opens at the same time,
   * so that it never waits for the next to be asked for, over long ways too (32 made the second
   * burst of 200 users at once twice as slow at 25 ms). Most users are short: by the time that
   * these are there the first have come back, and a handshake for each who waits would be in their
   * way.
   */
  private static final int MOST_PROMISED = 64;

  /** As long as a client tries to open one: when none came in this time, those may never come. */
  private static final long STUCK = Duration.ofSeconds(3).toNanos();

  /** Where a tunnel is that is not idle. */
  enum Place {
    PROMISED,
    CHECKED,
    IN_USE
  }

  private final int[] counts = new int[Place.values().length];
  private int least = LEAST;

  /** When one was asked for or arrived last, in nanoseconds of the pool's clock. */
  private long moved;

  /** So many more are there, or fewer. */
  void count(Place place, int more) {
    counts[place.ordinal()] += more;
  }

  private int at(Place place) {
    return counts[place.ordinal()];
  }

  /** One that was promised is there. */
  void arrived(long now) {
    moved = now;
  }

  /** How many to ask for now; they count as promised from here on. */
  int missing(int idle, int waiting, long now) {
    int wanted = waiting + spare() - idle - at(Place.CHECKED);
    boolean stuck = at(Place.PROMISED) > 0 && now - moved > STUCK;
    int most = stuck ? wanted : Math.min(wanted, MOST_PROMISED);
    int missing = Math.max(0, most - at(Place.PROMISED));
    if (missing > 0) {
      count(Place.PROMISED, missing);
      moved = now;
    }
    return missing;
  }

  /** How many are to be idle beside those who wait. */
  int spare() {
    return Math.max(least, Math.min(MOST_SPARE, at(Place.IN_USE) / 4));
  }

  /** Whether a tunnel may still become idle. */
  boolean areComing() {
    return at(Place.IN_USE) + at(Place.CHECKED) + at(Place.PROMISED) > 0;
  }

  /** So many are to be idle from now on, within what a pool may have. */
  void want(int tunnels) {
    least = Math.clamp(tunnels, LEAST, MOST_SPARE);
  }

  /**
   * As many are to be idle as there are in all, again as many as have users, and a few: soon no
   * more will come, and while another process starts beside this one each user takes longer.
   */
  void fill(int idle, int waiting) {
    want(2 * LEAST + idle + 2 * at(Place.IN_USE) + waiting);
  }

  /** Whether as many are idle as are to be. */
  boolean isMet(int idle) {
    return idle + at(Place.CHECKED) >= least;
  }
}
