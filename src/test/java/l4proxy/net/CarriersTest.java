package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Carriers are many while data flows in bulk, and few otherwise. */
@Timeout(60)
class CarriersTest {
  private static final VirtualThreadSchedulerMXBean SCHEDULER =
      ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  @Test
  void bulkRaisesThemAndItsEndLowersThemAgain() throws Exception {
    for (int round = 0; round < 2; round++) {
      AtomicBoolean flowing = new AtomicBoolean(true);
      Thread relay = Thread.ofPlatform().start(() -> flow(flowing));
      Awaitility.await().until(() -> SCHEDULER.getParallelism() > 2 * PROCESSORS);
      flowing.set(false);
      relay.join();
      Awaitility.await().until(() -> SCHEDULER.getParallelism() <= PROCESSORS);
    }
  }

  private static void flow(AtomicBoolean flowing) {
    while (flowing.get()) {
      Carriers.flowed(64 * 1024);
      Thread.onSpinWait();
    }
  }

  @Test
  void singleLargePieceIsNoBulk() {
    int before = SCHEDULER.getParallelism();
    Carriers.flowed(64 * 1024);
    Awaitility.await()
        .during(Duration.ofMillis(300))
        .until(() -> SCHEDULER.getParallelism() <= Math.max(before, PROCESSORS));
    assertTrue(SCHEDULER.getParallelism() <= PROCESSORS);
  }
}
