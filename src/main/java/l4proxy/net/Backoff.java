package l4proxy.net;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: 0.2 s doubling to 2 s; after five minutes without
 * success to 10 s. Jittered downwards by up to a fifth, so that clients that lost one server do not
 * come back in step. One thread uses it.
 */
public final class Backoff {
  private static final long FIRST = 200;
  private static final long SHORT = 2_000;
  private static final long LONG = 10_000;
  private static final long PATIENCE = Duration.ofMinutes(5).toMillis();
  private static final double JITTER = 0.2;

  private final RandomGenerator random;
  private long next = FIRST;
  private long waited;

  /**
   * Starts afresh.
   *
   * @param random where the jitter comes from
   */
  public Backoff(RandomGenerator random) {
    this.random = random;
  }

  /**
   * The pause after one more failure.
   *
   * @param spent how long the failed attempt took
   * @return how long to wait now
   */
  public Duration next(Duration spent) {
    long bound = waited + spent.toMillis() < PATIENCE ? SHORT : LONG;
    long pause = Math.min(next, bound);
    next = Math.min(next * 2, LONG);
    waited += spent.toMillis() + pause;
    return Duration.ofMillis((long) (pause * (1 - JITTER * random.nextDouble())));
  }

  /** An attempt succeeded: the next failure counts as the first. */
  public void reset() {
    next = FIRST;
    waited = 0;
  }
}
