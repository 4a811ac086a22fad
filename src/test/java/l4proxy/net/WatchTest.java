package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import l4proxy.LeakCheck;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@Timeout(60)
@ExtendWith(LeakCheck.class)
final class WatchTest {
  @Test
  void everythingIsLookedAtTwiceASecondUntilItIsRemoved() throws Exception {
    try (Watch watch = new Watch()) {
      AtomicInteger first = new AtomicInteger();
      CountDownLatch three = new CountDownLatch(3);
      Watch.Watched counted = first::incrementAndGet;
      long before = System.nanoTime();
      watch.add(counted);
      watch.add(three::countDown);
      watch.remove(() -> {});
      assertTrue(three.await(20, TimeUnit.SECONDS));
      assertTrue(System.nanoTime() - before >= 1_000_000_000L);
      watch.remove(counted);
      int seen = first.get();
      assertTrue(seen >= 2 && seen <= 4, "seen " + seen);
      CountDownLatch more = new CountDownLatch(2);
      watch.add(more::countDown);
      assertTrue(more.await(20, TimeUnit.SECONDS));
      assertTrue(first.get() <= seen + 1);
    }
  }

  @Test
  void oneThatThrowsDoesNotStopTheOthers() throws Exception {
    Logger logger = Logger.getLogger("l4proxy.watch");
    logger.setUseParentHandlers(false);
    try (Watch watch = new Watch()) {
      for (int i = 0; i < 10; i++) {
        watch.add(() -> {
          throw new IllegalStateException("a bug");
        });
        watch.add(() -> {
          throw new OutOfMemoryError("what somebody else took");
        });
      }
      CountDownLatch twice = new CountDownLatch(2);
      watch.add(twice::countDown);
      assertTrue(twice.await(20, TimeUnit.SECONDS));
    } finally {
      logger.setUseParentHandlers(true);
    }
  }

  @Test
  void closeEndsTheThreadAtOnceAndNothingIsLookedAtAfterwards() {
    AtomicInteger seen = new AtomicInteger();
    Watch watch = new Watch();
    watch.add(seen::incrementAndGet);
    Awaitility.await().until(() -> seen.get() > 0);
    watch.close();
    int last = seen.get();
    assertFalse(
        Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().equals("watch")));
    assertEquals(last, seen.get());
    watch.close();
  }
}
