package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.clearInvocations;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.wire.TunnelState.Side;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each limit at its time, by a clock of the test's: half a second a tick. */
final class TunnelLimitsTest {
  private static final Duration TICK = Duration.ofMillis(500);

  private final Tunnel tunnel = mock(Tunnel.class);
  private final AtomicInteger silences = new AtomicInteger();
  private long now = 1;
  private Side side = Side.SERVER;
  private TunnelState state;
  private TunnelLimits limits;

  private void start(Side which) {
    side = which;
    state = new TunnelState(side);
    limits = new TunnelLimits(tunnel, state, side == Side.SERVER, () -> now);
  }

  private void said(FrameType type) throws ProtocolException {
    assertTrue(state.send(type, 0));
    limits.writing();
    limits.written(4);
  }

  private void heard(FrameType type, int about) throws ProtocolException {
    assertTrue(state.receive(type, about));
    limits.read(4);
    limits.delivered(4);
  }

  private void open(int number) throws ProtocolException {
    limits.begin(silences::incrementAndGet);
    if (limitsOfServer()) {
      said(FrameType.OPEN);
    } else {
      heard(FrameType.OPEN, number);
    }
  }

  private void opened(int number) throws ProtocolException {
    open(number);
    if (limitsOfServer()) {
      heard(FrameType.OPENED, number);
      limits.opened();
    } else {
      said(FrameType.OPENED);
      limits.sign(4);
    }
  }

  private void done(int number) throws ProtocolException {
    if (limitsOfServer()) {
      said(FrameType.RESET);
      heard(FrameType.RESET, number);
      heard(FrameType.DONE, number);
    } else {
      heard(FrameType.RESET, number);
      said(FrameType.RESET);
      said(FrameType.DONE);
    }
  }

  private boolean limitsOfServer() {
    return side == Side.SERVER;
  }

  private void tick(int times) {
    for (int i = 0; i < times; i++) {
      now += TICK.toNanos();
      limits.tick();
    }
  }

  private void fineFor(int ticks) {
    tick(ticks);
    verify(tunnel, never()).abort();
  }

  private void brokenAtNextTick() {
    verify(tunnel, never()).abort();
    tick(1);
    verify(tunnel).abort();
    clearInvocations(tunnel);
  }

  @Test
  void readerWithNothingToSayGivesASignNowAndThenWhileDataComes() throws Exception {
    start(Side.SERVER);
    opened(1);
    tick(1);
    clearInvocations(tunnel);
    for (int i = 1; i <= 26; i++) { // thirteen seconds of a slow download
      limits.read(100);
      limits.delivered(100);
      tick(1);
    }
    verify(tunnel, times(5)).later(FrameType.PONG);
    clearInvocations(tunnel);
    fineFor(5); // once more for the last of it
    verify(tunnel, times(1)).later(FrameType.PONG);
    clearInvocations(tunnel);
    fineFor(60); // and nothing for nothing
    verify(tunnel, never()).later(FrameType.PONG);
  }

  @Test
  void openingThatIsNotAnsweredIsBrokenAfterTenSeconds() throws Exception {
    start(Side.SERVER);
    open(1);
    fineFor(20);
    brokenAtNextTick();
  }

  @Test
  void clientMayTakeItsTimeToDial() throws Exception {
    start(Side.CLIENT);
    open(1);
    fineFor(100);
  }

  @Test
  void everyOpeningHasItsOwnTenSeconds() throws Exception {
    start(Side.SERVER);
    for (int number = 1; number < 5; number++) {
      opened(number);
      fineFor(15);
      done(number);
      fineFor(15);
    }
  }

  @ParameterizedTest
  @EnumSource(Side.class)
  void openingThatDoesNotSettleIsBrokenAfterTwoSeconds(Side which) throws Exception {
    start(which);
    opened(1);
    fineFor(50);
    limits.settle(1);
    fineFor(4);
    brokenAtNextTick();
  }

  @Test
  void refusalThatIsNotFinishedIsBrokenAfterTwoSeconds() throws Exception {
    start(Side.SERVER);
    open(1);
    heard(FrameType.REFUSED, 1);
    limits.settle(1);
    fineFor(4);
    brokenAtNextTick();
  }

  /** The client cannot hear of it before it has dialled. */
  @Test
  void settlingDuringTheOpeningCountsFromItsAnswer() throws Exception {
    start(Side.SERVER);
    open(1);
    limits.settle(1);
    fineFor(15);
    heard(FrameType.OPENED, 1);
    limits.opened();
    fineFor(4);
    brokenAtNextTick();
  }

  @Test
  void settlingDuringTheOpeningLeavesTheTenSeconds() throws Exception {
    start(Side.SERVER);
    open(1);
    limits.settle(1);
    fineFor(20);
    brokenAtNextTick();
  }

  /** The watch may look between the arrival of OPEN and anything the client does about it. */
  @Test
  void settlingOfOneOpeningIsNoLimitForTheNext() throws Exception {
    start(Side.CLIENT);
    opened(1);
    limits.settle(1);
    done(1);
    fineFor(10);
    heard(FrameType.OPEN, 2);
    fineFor(1);
    limits.begin(() -> {});
    said(FrameType.OPENED);
    limits.sign(4);
    fineFor(100);
  }

  @ParameterizedTest
  @EnumSource(Side.class)
  void lateWordAboutOneOpeningIsNoLimitForTheNext(Side which) throws Exception {
    start(which);
    opened(1);
    done(1);
    opened(2);
    limits.settle(1);
    fineFor(10);
    limits.settle(2);
    limits.settle(1);
    fineFor(4);
    brokenAtNextTick();
  }

  @Test
  void idleTunnelHasNothingToSettle() throws Exception {
    start(Side.SERVER);
    opened(1);
    limits.settle(1);
    done(1);
    fineFor(1000);
  }

  @Test
  void openThatCannotBeWrittenIsBrokenAfterFiveSeconds() throws Exception {
    start(Side.SERVER);
    limits.begin(() -> {});
    assertTrue(state.send(FrameType.OPEN, 0));
    limits.writing();
    fineFor(10);
    brokenAtNextTick();
  }

  @ParameterizedTest
  @EnumSource(Side.class)
  void slowReaderMayTakeAsLongAsItAnswers(Side which) throws Exception {
    start(which);
    opened(1);
    limits.writing();
    for (int i = 0; i < 100; i++) {
      limits.sign(4);
      fineFor(8);
    }
  }

  @ParameterizedTest
  @EnumSource(Side.class)
  void slowReaderHasFifteenSecondsFromTheLossOfItsSession(Side which) throws Exception {
    start(which);
    opened(1);
    limits.writing();
    for (int i = 0; i < 10; i++) {
      limits.sign(4);
      fineFor(8);
    }
    limits.sessionLost();
    for (int i = 0; i < 6; i++) {
      limits.sign(4);
      fineFor(5);
    }
    limits.sign(4);
    brokenAtNextTick();
  }

  @Test
  void writeBegunAfterTheLossHasFifteenSecondsOfItsOwn() throws Exception {
    start(Side.SERVER);
    opened(1);
    limits.sessionLost();
    limits.sign(4);
    fineFor(19);
    limits.sign(4);
    limits.writing();
    for (int i = 0; i < 6; i++) {
      limits.sign(4);
      fineFor(5);
    }
    brokenAtNextTick();
  }

  @ParameterizedTest
  @EnumSource(Side.class)
  void lossOfTheSessionIsAskedAboutAtOnce(Side which) throws Exception {
    start(which);
    opened(1);
    fineFor(1);
    limits.sessionLost();
    tick(1);
    verify(tunnel).later(FrameType.PING);
    limits.sign(4);
    limits.sign(4);
    fineFor(200);
    verify(tunnel, times(1)).later(any());
  }

  /**
   * A user who asks again as soon as the answer is there: what was asked last may be within one
   * tick of what was read last.
   */
  @ParameterizedTest
  @EnumSource(Side.class)
  void writeRightAfterTheLastReadIsAskedAbout(Side which) throws Exception {
    start(which);
    opened(1);
    fineFor(3);
    limits.read(100);
    limits.delivered(100);
    limits.writing();
    limits.written(100);
    fineFor(19);
    verify(tunnel, never()).later(any());
    tick(1);
    verify(tunnel).later(FrameType.PING);
    fineFor(18);
    brokenAtNextTick();
  }

  /** What fills the pipe is never done being written. */
  @Test
  void writeThatHangsIsAskedAbout() throws Exception {
    start(Side.SERVER);
    opened(1);
    limits.sign(4);
    fineFor(3);
    limits.writing();
    fineFor(19);
    verify(tunnel).later(FrameType.PING);
    fineFor(18);
    brokenAtNextTick();
  }

  /** Or two ends would ask each other for ever. */
  @ParameterizedTest
  @EnumSource(Side.class)
  void pingsAndPongsAskForNothing(Side which) throws Exception {
    start(which);
    opened(1);
    limits.sign(4);
    limits.writing();
    limits.written(0);
    fineFor(1000);
    verify(tunnel, never()).later(any());
  }

  @Test
  void sideHeldUpSaysSo() throws Exception {
    start(Side.CLIENT);
    opened(1);
    limits.read(10);
    fineFor(1);
    fineFor(10);
    verify(tunnel, times(2)).later(FrameType.PONG);
    verify(tunnel, never()).later(FrameType.PING);
  }

  @Test
  void clientGivesUpAnIdleTunnelNobodyAsksAboutForTwentySeconds() throws Exception {
    start(Side.CLIENT);
    fineFor(30);
    limits.sign(4);
    fineFor(40);
    brokenAtNextTick();
  }

  @Test
  void clientGivesUpAnIdleTunnelAfterItsUsersToo() throws Exception {
    start(Side.CLIENT);
    fineFor(30);
    opened(1);
    done(1);
    fineFor(40);
    brokenAtNextTick();
  }

  @Test
  void serverKeepsIdleTunnels() {
    start(Side.SERVER);
    fineFor(1000);
  }

  private void halfClosed() throws ProtocolException {
    opened(1);
    if (limitsOfServer()) {
      heard(FrameType.FIN, 0);
    } else {
      said(FrameType.FIN);
    }
    tick(1);
  }

  @Test
  void halfClosedSilenceEndsAfterSixtySeconds() throws Exception {
    start(Side.SERVER);
    halfClosed();
    fineFor(119);
    assertEquals(0, silences.get());
    tick(1);
    assertEquals(1, silences.get());
  }

  @Test
  void anyByteOfTheUsersStartsTheSixtySecondsAnew() throws Exception {
    start(Side.SERVER);
    halfClosed();
    tick(119);
    limits.writing();
    limits.written(1);
    limits.sign(4);
    tick(120);
    assertEquals(0, silences.get());
    tick(1);
    assertEquals(1, silences.get());
  }

  @Test
  void signsOfLifeDoNotHoldAHalfClosedPairOpen() throws Exception {
    start(Side.SERVER);
    halfClosed();
    for (int i = 0; i < 120; i++) {
      assertEquals(0, silences.get());
      limits.sign(4);
      limits.writing();
      limits.written(0);
      tick(1);
    }
    assertEquals(1, silences.get());
  }

  /** What was written here long ago may still be on its way to a slow backend. */
  @Test
  void whatMovesOnTheOtherSideIsNoSilence() throws Exception {
    start(Side.SERVER);
    halfClosed();
    for (int i = 0; i < 50; i++) {
      tick(8);
      limits.sign(4);
      limits.movedThere();
    }
    tick(120);
    assertEquals(0, silences.get());
    tick(1);
    assertEquals(1, silences.get());
  }

  /** The kernel takes more from a blocked writer only when much of what it has is gone. */
  @Test
  void writeThatWaitsForASlowUserIsNoSilenceForTenMinutes() throws Exception {
    start(Side.SERVER);
    halfClosed();
    limits.read(10);
    fineFor(1199);
    assertEquals(0, silences.get());
    limits.passedOn(10);
    fineFor(120);
    assertEquals(0, silences.get());
    limits.read(10);
    fineFor(1200);
    assertEquals(1, silences.get());
  }

  @Test
  void writeThatWaitsForASlowBackendIsNoneEither() throws Exception {
    start(Side.SERVER);
    halfClosed();
    limits.writing();
    for (int i = 0; i < 149; i++) {
      fineFor(8);
      limits.sign(4);
    }
    assertEquals(0, silences.get());
    fineFor(8);
    assertEquals(1, silences.get());
  }

  @Test
  void sideSaysOnceThatBytesWentOn() throws Exception {
    start(Side.CLIENT);
    opened(1);
    assertFalse(limits.moved());
    limits.read(10);
    assertFalse(limits.moved());
    limits.passedOn(10);
    assertTrue(limits.moved());
    assertFalse(limits.moved());
  }

  @Test
  void stuckWriteOfALostSessionIsNoneWhileBytesMoveOnThere() throws Exception {
    start(Side.SERVER);
    opened(1);
    limits.writing();
    limits.sessionLost();
    for (int i = 0; i < 20; i++) {
      limits.sign(4);
      limits.movedThere();
      fineFor(5);
    }
    for (int i = 0; i < 6; i++) {
      limits.sign(4);
      fineFor(i < 5 ? 5 : 1);
    }
    brokenAtNextTick();
  }

  @Test
  void openPairMayBeSilent() throws Exception {
    start(Side.SERVER);
    opened(1);
    limits.sign(4);
    fineFor(10_000);
    assertEquals(0, silences.get());
  }

  @Test
  void clientLeavesHalfClosedSilenceToTheServer() throws Exception {
    start(Side.CLIENT);
    halfClosed();
    limits.sign(4);
    fineFor(1000);
    assertEquals(0, silences.get());
  }
}
