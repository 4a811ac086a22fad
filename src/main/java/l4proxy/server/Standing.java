package l4proxy.server;

import java.time.Duration;

/**
 * Whether a member is fit to be given users, from what became of those it was given and from its
 * client's own health checks.
 *
 * <p>Three refusals in a row take it out for 1 s, doubled each time up to 30 s; then one user is
 * tried on it. Safe from any thread.
 *
 * <pre>
 *           3 refusals in a row                time is up
 *   IN ------------------------------> OUT ------------------> ON TRIAL
 *    ^                                  ^                          |  |
 *    |                                  +--- refused, twice as long   |
 *    +------------------------------------------------------- served -+
 * </pre>
 */
final class Standing {
  private static final int FALL = 3;
  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** So long a trial keeps others away, should its user vanish without an outcome. */
  private static final Duration TRIAL = Duration.ofSeconds(10);

  private int refusals;
  private long outNanos = SHORTEST.toNanos();
  private long outUntil;
  private boolean up = true;

  /** Whether users may be given to it now. */
  synchronized boolean fit(long now) {
    return up && (refusals < FALL || now - outUntil >= 0);
  }

  /** It is given a user. */
  synchronized void chosen(long now) {
    if (refusals >= FALL && now - outUntil >= 0) {
      outUntil = now + TRIAL.toNanos();
    }
  }

  /** A user was connected to its backend. */
  synchronized void served() {
    refusals = 0;
    outNanos = SHORTEST.toNanos();
  }

  /** A user was not. */
  synchronized void refused(long now) {
    refusals++;
    if (refusals >= FALL) {
      outUntil = now + outNanos;
      outNanos = Math.min(2 * outNanos, LONGEST.toNanos());
    }
  }

  /** What its client's checks of the backend came to. */
  synchronized void checked(boolean good) {
    up = good;
    if (good) {
      refusals = 0;
    }
  }

  /**
   * The client is back: no user speaks against it.
   *
   * @param same whether it is the process that it was, which says at once what its checks came to
   */
  synchronized void reset(boolean same) {
    up |= !same;
    refusals = 0;
    outNanos = SHORTEST.toNanos();
  }

  /**
   * Whether nothing is known against it: not by its client's checks of the backend, nor by users
   * who were refused and nobody served since.
   */
  synchronized boolean good() {
    return up && refusals < FALL;
  }
}
