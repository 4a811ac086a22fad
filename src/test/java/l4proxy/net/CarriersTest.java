package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Carriers are many while data flows in bulk, and few otherwise. */
@Timeout(60)
class CarriersTest {
  private static final VirtualThreadSchedulerMXBean SCHEDULER =
      ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
  private volatile boolean over;

  /** Something flowed once, and nothing does any more: nobody looks closely. */
  @BeforeEach
  void idle() throws InterruptedException {
    Carriers.flowed(1);
    Thread.sleep(500); // five times what it takes for carriers to be few again
    Awaitility.await().until(() -> SCHEDULER.getParallelism() <= PROCESSORS);
  }

  @Test
  void bulkRaisesThemAndItsEndLowersThemAgain() throws Exception {
    for (int round = 0; round < 2; round++) {
      AtomicBoolean flowing = new AtomicBoolean(true);
      Thread relay = Thread.ofPlatform().start(() -> flow(flowing));
      Awaitility.await().until(() -> SCHEDULER.getParallelism() >= 2 * PROCESSORS);
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

  /** Relays that are slow for want of processor time still keep all carriers to themselves. */
  @Test
  void relaysThatNeverWaitLeaveTurnsToOthers() throws InterruptedException {
    leavesTurnsToOthers(() -> Relay.share(Buffers.RECORD));
  }

  /** Small pieces are no bulk: they raise the number of carriers only once others starve. */
  @Test
  void smallPiecesLeaveTurnsToOthers() throws InterruptedException {
    leavesTurnsToOthers(() -> Relay.share(1));
  }

  @Test
  void whateverElseKeepsAllCarriersIsFoundOut() throws InterruptedException {
    leavesTurnsToOthers(PROCESSORS, () -> {});
  }

  @Test
  void handshakesLeaveTurnsToOthers() throws InterruptedException {
    leavesTurnsToOthers(() -> {
      Carriers.handshake();
      Thread.yield(); // it waits for the other side, which has answered by the time it is its turn
    });
  }

  /**
   * More threads than carriers do something each millisecond, of which passing on the smallest
   * large piece would be a tenth of what counts as bulk.
   */
  private void leavesTurnsToOthers(Runnable something) throws InterruptedException {
    leavesTurnsToOthers(4 * PROCESSORS, something);
  }

  private void leavesTurnsToOthers(int many, Runnable something) throws InterruptedException {
    SCHEDULER.setParallelism(1);
    var busy = new CountDownLatch(many);
    // From inside, so that they are in their carrier's own queue.
    Thread.startVirtualThread(() -> {
      for (int i = 0; i < many; i++) {
        Thread.startVirtualThread(() -> goOn(something, busy));
      }
    });
    busy.await();
    Thread other = Thread.startVirtualThread(() -> {});
    boolean ran = other.join(Duration.ofSeconds(20));
    over = true;

    assertTrue(ran, "a thread from outside never had its turn");
  }

  private void goOn(Runnable something, CountDownLatch busy) {
    while (!over) {
      long until = System.nanoTime() + 1_000_000;
      while (System.nanoTime() < until) {
        Thread.onSpinWait();
      }
      something.run();
      busy.countDown();
    }
  }
}
