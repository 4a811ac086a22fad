package l4proxy.wire;

import static l4proxy.wire.Liveness.Verdict.BROKEN;
import static l4proxy.wire.Liveness.Verdict.NOTHING;
import static l4proxy.wire.Liveness.Verdict.PING;
import static l4proxy.wire.Liveness.Verdict.PONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Each verdict at its tick. */
final class LivenessTest {
  private static final int SILENCE = 19;
  private static final int SUSPICION = 8;
  private static final int SIGN = 5;

  private final Liveness liveness = new Liveness();

  private void nothing(int ticks, long read, long delivered, boolean unanswered) {
    for (int i = 0; i < ticks; i++) {
      assertEquals(NOTHING, liveness.tick(read, delivered, unanswered), "tick " + i);
    }
  }

  @Test
  void nobodyAsksWhenNothingIsUnanswered() {
    nothing(1000, 0, 0, false);
    nothing(1000, 5, 5, false);
  }

  @Test
  void silenceAfterAWriteIsAskedOnceAndThenBroken() {
    nothing(SILENCE - 1, 0, 0, true);
    assertEquals(PING, liveness.tick(0, 0, true));
    nothing(SILENCE - 1, 0, 0, true);
    assertEquals(BROKEN, liveness.tick(0, 0, true));
  }

  @Test
  void silenceIsCountedFromTheFirstTickWithAnUnansweredWrite() {
    nothing(100, 0, 0, false);
    nothing(SILENCE - 1, 0, 0, true);
    assertEquals(PING, liveness.tick(0, 0, true));
  }

  @Test
  void answerEndsTheQuestion() {
    nothing(SILENCE - 1, 0, 0, true);
    assertEquals(PING, liveness.tick(0, 0, true));
    nothing(SILENCE - 1, 0, 0, true);
    nothing(1, 4, 4, true);
    nothing(SILENCE - 1, 4, 4, true);
    assertEquals(PING, liveness.tick(4, 4, true));
  }

  @Test
  void suspicionDoesNotShortenAQuestionThatStands() {
    nothing(SILENCE - 1, 0, 0, true);
    assertEquals(PING, liveness.tick(0, 0, true));
    liveness.suspect();
    nothing(SILENCE - 1, 0, 0, true);
    assertEquals(BROKEN, liveness.tick(0, 0, true));
  }

  @Test
  void answeredSuspicionIsOver() {
    liveness.suspect();
    assertEquals(PING, liveness.tick(0, 0, false));
    nothing(1, 4, 4, true);
    nothing(SILENCE - 1, 4, 4, true);
    assertEquals(PING, liveness.tick(4, 4, true));
    nothing(SILENCE - 1, 4, 4, true);
    assertEquals(BROKEN, liveness.tick(4, 4, true));
  }

  /** Where the link is back, TCP may go on only then. */
  @Test
  void suspicionOfATunnelThatWasReadJustNowTakesAsLongAsAnyOther() {
    nothing(1, 4, 4, false);
    nothing(5, 4, 4, false);
    liveness.suspect();
    assertEquals(PING, liveness.tick(4, 4, false));
    nothing(2 * SILENCE - 7, 4, 4, false);
    assertEquals(BROKEN, liveness.tick(4, 4, false));
  }

  /** A user's last word, and right after it the control connection is lost. */
  @Test
  void whatIsReadInTheTickOfASuspicionDoesNotEndIt() {
    liveness.suspect();
    nothing(1, 4, 4, false);
    assertEquals(PING, liveness.tick(4, 4, false));
    nothing(2 * SILENCE - 2, 4, 4, false);
    assertEquals(BROKEN, liveness.tick(4, 4, false));
  }

  @Test
  void whatIsReadLaterEndsASuspicion() {
    liveness.suspect();
    nothing(1, 4, 4, false);
    nothing(1, 8, 8, false);
    nothing(1000, 8, 8, false);
  }

  /** A question once asked has to be answered, also when what was written is. */
  @Test
  void questionStandsUntilSomethingIsRead() {
    nothing(2 * SILENCE, 0, 0, false);
    liveness.suspect();
    assertEquals(PING, liveness.tick(0, 0, false));
    nothing(SUSPICION - 1, 0, 0, false);
    assertEquals(BROKEN, liveness.tick(0, 0, false));
  }

  @Test
  void readingWithinTheSilenceStartsItAnew() {
    for (long read = 1; read < 20; read++) {
      nothing(SILENCE - 1, read, read, true);
    }
  }

  @Test
  void sideThatCannotReadSaysThatItIsThereAndBlamesNobody() {
    nothing(1, 10, 3, true);
    for (int i = 1; i <= 400; i++) {
      assertEquals(i % SIGN == 0 ? PONG : NOTHING, liveness.tick(10, 3, true), "tick " + i);
    }
  }

  @Test
  void suspicionWaitsUntilTheSideCanRead() {
    nothing(1, 10, 3, false);
    liveness.suspect();
    nothing(SIGN - 1, 10, 3, false);
    assertEquals(PONG, liveness.tick(10, 3, false));
    assertEquals(PING, liveness.tick(10, 10, false));
    nothing(2 * SILENCE - 2, 10, 10, false);
    assertEquals(BROKEN, liveness.tick(10, 10, false));
  }

  @Test
  void timeHeldUpIsNoSilence() {
    nothing(SILENCE - 1, 0, 0, true);
    nothing(1, 10, 3, true);
    nothing(SIGN - 1, 10, 3, true);
    assertEquals(PONG, liveness.tick(10, 3, true));
    nothing(SILENCE - 1, 10, 10, true);
    assertEquals(PING, liveness.tick(10, 10, true));
  }
}
