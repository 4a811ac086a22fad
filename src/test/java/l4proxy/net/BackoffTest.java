package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.time.Duration;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class BackoffTest {
  private static final Duration AT_ONCE = Duration.ZERO;

  private static Backoff exact() {
    RandomGenerator none = mock(RandomGenerator.class);
    when(none.nextDouble()).thenReturn(0.0);
    return new Backoff(none);
  }

  @Test
  void pauseDoublesFromAFifthOfASecondToTwo() {
    Backoff backoff = exact();
    for (long millis : new long[] {200, 400, 800, 1600, 2000, 2000, 2000}) {
      assertEquals(Duration.ofMillis(millis), backoff.next(AT_ONCE));
    }
  }

  @Test
  void pauseIsTenSecondsAfterFiveMinutesOfPausesAndAttempts() {
    Backoff backoff = exact();
    Duration passed = Duration.ZERO;
    Duration attempt = Duration.ofSeconds(3);
    while (passed.plus(attempt).compareTo(Duration.ofMinutes(5)) < 0) {
      Duration pause = backoff.next(attempt);
      assertTrue(pause.compareTo(Duration.ofSeconds(2)) <= 0, "after " + passed);
      passed = passed.plus(attempt).plus(pause);
    }
    for (int i = 0; i < 3; i++) {
      assertEquals(Duration.ofSeconds(10), backoff.next(attempt));
    }
  }

  @Test
  void oneAttemptOfFiveMinutesIsPatienceEnough() {
    Backoff backoff = exact();
    assertEquals(Duration.ofMillis(200), backoff.next(Duration.ofHours(24)));
    assertTrue(backoff.next(AT_ONCE).compareTo(Duration.ofSeconds(10)) <= 0);
  }

  @Test
  void successStartsItAnew() {
    Backoff backoff = exact();
    for (int i = 0; i < 1000; i++) {
      backoff.next(Duration.ofSeconds(1));
    }
    assertEquals(Duration.ofSeconds(10), backoff.next(AT_ONCE));
    backoff.reset();
    assertEquals(Duration.ofMillis(200), backoff.next(AT_ONCE));
    assertEquals(Duration.ofMillis(400), backoff.next(AT_ONCE));
  }

  @Test
  void jitterIsDownwardsByAtMostAFifthAndSpreads() {
    long least = Long.MAX_VALUE;
    long most = 0;
    for (int seed = 0; seed < 1000; seed++) {
      Backoff backoff = new Backoff(new Random(seed));
      for (int i = 0; i < 5; i++) {
        backoff.next(AT_ONCE);
      }
      long millis = backoff.next(AT_ONCE).toMillis();
      assertTrue(millis >= 1600 && millis <= 2000, "seed " + seed + ": " + millis);
      least = Math.min(least, millis);
      most = Math.max(most, millis);
    }
    assertTrue(least < 1650 && most > 1950, least + " to " + most);
  }
}
