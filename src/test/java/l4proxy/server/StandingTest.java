package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** When a member is left out, for how long, and how it comes back. */
class StandingTest {
  private static final long SECOND = 1_000_000_000L;

  private final Standing standing = new Standing();

  private void refuse(int times, long now) {
    for (int i = 0; i < times; i++) {
      standing.refused(now);
    }
  }

  @Test
  void twoRefusalsAreForgiven() {
    refuse(2, 0);
    assertTrue(standing.fit(0));
    standing.served();
    refuse(2, 0);
    assertTrue(standing.fit(0));
  }

  @Test
  void thirdRefusalInARowTakesItOutForASecond() {
    refuse(3, 0);
    assertFalse(standing.fit(SECOND - 1));
    assertTrue(standing.fit(SECOND));
  }

  @Test
  void oneUserIsTriedAndNoOtherMeanwhile() {
    refuse(3, 0);
    standing.chosen(SECOND);
    assertFalse(standing.fit(SECOND));
    standing.served();
    assertTrue(standing.fit(SECOND));
  }

  @Test
  void timeDoublesUpToHalfAMinuteAndStartsAnewOnceServed() {
    long now = 0;
    refuse(3, now);
    for (long seconds : new long[] {1, 2, 4, 8, 16, 30, 30}) {
      assertFalse(standing.fit(now + seconds * SECOND - 1), seconds + " s");
      now += seconds * SECOND;
      assertTrue(standing.fit(now), seconds + " s");
      standing.chosen(now);
      standing.refused(now);
    }
    standing.served();
    refuse(3, now);
    assertTrue(standing.fit(now + SECOND));
  }

  @Test
  void itIsGoodWhileNothingIsKnownAgainstIt() {
    refuse(2, 0);
    assertTrue(standing.good());
    refuse(1, 0);
    assertFalse(standing.good());
    standing.served();
    assertTrue(standing.good());
    standing.checked(false);
    assertFalse(standing.good());
    standing.checked(true);
    assertTrue(standing.good());
  }

  @Test
  void trialWhoseUserVanishedIsFollowedByAnother() {
    refuse(3, 0);
    standing.chosen(SECOND);
    assertFalse(standing.fit(10 * SECOND));
    assertTrue(standing.fit(11 * SECOND));
  }

  @Test
  void whatItsClientFoundCountsUntilItFindsOtherwise() {
    standing.checked(false);
    assertFalse(standing.fit(0));
    standing.checked(true);
    assertTrue(standing.fit(0));
    refuse(3, 0);
    standing.checked(true);
    assertTrue(standing.fit(0), "a good check counts more than refusals before it");
  }

  @Test
  void clientThatComesBackStartsAnew() {
    standing.checked(false);
    refuse(9, 0);
    standing.reset(false);
    assertTrue(standing.fit(0));
  }

  /** Until it says so itself, which it does at once. */
  @Test
  void processThatComesBackIsAsFitAsItsChecksSaidLast() {
    standing.checked(false);
    refuse(9, 0);
    standing.reset(true);
    assertFalse(standing.fit(0));
    standing.checked(true);
    assertTrue(standing.fit(0));
    refuse(9, 0);
    standing.reset(true);
    assertTrue(standing.fit(0));
  }
}
