package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How long bytes wait, by a clock of the test's where it matters. */
@Timeout(30)
final class TokenBucketTest {
  private static final long MILLI = 1_000_000;

  private final AtomicLong now = new AtomicLong(1);

  private TokenBucket bucket(long rate) {
    return new TokenBucket(rate, now::get);
  }

  private void pass(long millis) {
    now.addAndGet(millis * MILLI);
  }

  @Test
  void whatGoesIsPaidForByTheNext() throws Exception {
    TokenBucket bucket = bucket(10_000);
    TokenBucket.Share share = bucket.new Share();
    share.take(1_000);
    assertEquals(100 * MILLI, bucket.owed());
    pass(100);
    assertEquals(0, bucket.owed());
    share.take(65_536);
    assertEquals(6_553_600_000L, bucket.owed());
    pass(6_553);
    assertEquals(600_000, bucket.owed());
    pass(1);
    assertEquals(0, bucket.owed());
  }

  @Test
  void rateIsKeptOverFiveSeconds() throws Exception {
    for (int rate : new int[] {1, 100, 10_000, 1_000_000, 2_000_000_000}) {
      TokenBucket bucket = bucket(rate);
      TokenBucket.Share share = bucket.new Share();
      long taken = 0;
      long end = now.get() + 5_000 * MILLI;
      while (now.get() < end) {
        share.take(bucket.piece());
        taken += bucket.piece();
        now.addAndGet(bucket.owed());
      }
      double much = taken / 5.0 / rate;
      assertTrue(much >= 0.9 && much <= (rate == 1 ? 1.2 : 1.1), rate + ": " + much);
    }
  }

  @Test
  void lateWakeUpIsMadeUpForAndALongPauseIsNot() throws Exception {
    TokenBucket bucket = bucket(10_000);
    TokenBucket.Share share = bucket.new Share();
    share.take(1_500);
    pass(350); // 200 ms longer than was owed
    share.take(2_000);
    assertEquals(0, bucket.owed());
    pass(60_000);
    share.take(2_001);
    assertEquals(100_000, bucket.owed());
  }

  @Test
  void piecesAreSmallWhereTheRateIs() {
    assertEquals(1, bucket(1).piece());
    assertEquals(500, bucket(10_000).piece());
    assertEquals(Buffers.CHUNK, bucket(10_000_000).piece());
  }

  /** Starts a thread that takes for each of the names, one after another, and says so. */
  private static Thread taker(TokenBucket.Share share, List<String> taken, String... names) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            for (String name : names) {
              share.take(1_000);
              taken.add(name);
            }
          } catch (InterruptedIOException e) {
            taken.add("interrupted");
          }
        });
  }

  private static void awaitWaiting(Thread thread) {
    Awaitility.await()
        .until(() ->
            thread.getState() == Thread.State.WAITING
                || thread.getState() == Thread.State.TIMED_WAITING);
  }

  @Test
  void severalTakeInTurn() throws Exception {
    TokenBucket bucket = new TokenBucket(20_000);
    List<String> taken = new CopyOnWriteArrayList<>();
    bucket.new Share().take(22_000); // a second's debt
    Thread one = taker(bucket.new Share(), taken, "a1", "a2", "a3");
    awaitWaiting(one);
    Thread other = taker(bucket.new Share(), taken, "b1", "b2", "b3");
    awaitWaiting(other);
    one.join();
    other.join();
    assertEquals(List.of("a1", "b1", "a2", "b2", "a3", "b3"), taken);
  }

  @Test
  void whoIsLetGoCostsTheOthersNothing() throws Exception {
    TokenBucket bucket = bucket(1_000);
    bucket.new Share().take(10_000);
    long owed = bucket.owed();
    List<String> taken = new CopyOnWriteArrayList<>();
    TokenBucket.Share share = bucket.new Share();
    Thread gone = taker(share, taken, "gone");
    awaitWaiting(gone);
    TokenBucket.Share behind = bucket.new Share();
    Thread waits = taker(behind, taken, "waits");
    awaitWaiting(waits);
    share.end();
    gone.join();
    assertEquals(List.of("gone"), taken);
    assertEquals(owed, bucket.owed());
    share.take(1_000_000); // waits for nothing any more
    assertEquals(owed, bucket.owed());
    behind.end();
    waits.join();
  }

  @Test
  void nextInLineWakesUpByItselfWhenTheFirstIsLetGo() throws Exception {
    TokenBucket bucket = new TokenBucket(10_000);
    bucket.new Share().take(6_000); // half a second's debt
    BlockingQueue<Long> done = new LinkedBlockingQueue<>();
    TokenBucket.Share first = bucket.new Share();
    Thread gone = taker(first, new CopyOnWriteArrayList<>(), "gone");
    awaitWaiting(gone);
    long began = System.nanoTime();
    Thread next =
        Thread.ofVirtual()
            .start(() -> {
              try {
                bucket.new Share().take(1);
                done.add(System.nanoTime());
              } catch (InterruptedIOException e) {
                throw new AssertionError(e);
              }
            });
    awaitWaiting(next);
    first.end();
    Long at = done.poll(10, TimeUnit.SECONDS);
    assertFalse(at == null);
    assertTrue(at - began < Duration.ofSeconds(5).toNanos());
    next.join();
  }

  @Test
  void interruptEndsTheWait() throws Exception {
    TokenBucket bucket = bucket(1);
    bucket.new Share().take(1_000_000);
    List<String> taken = new CopyOnWriteArrayList<>();
    Thread thread = taker(bucket.new Share(), taken, "never");
    awaitWaiting(thread);
    thread.interrupt();
    thread.join();
    assertEquals(List.of("interrupted"), taken);
    Thread.currentThread().interrupt();
    assertThrows(InterruptedIOException.class, () -> bucket.new Share().take(1));
    assertTrue(Thread.interrupted());
  }
}
