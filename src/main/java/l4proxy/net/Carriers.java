package l4proxy.net;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import jdk.management.VirtualThreadSchedulerMXBean;

/**
 * How many platform threads carry the virtual ones: few while connections take turns, more while
 * data flows in bulk.
 *
 * <p>Few carriers serve small requests best, because a thread that is woken runs where its data is.
 * But a relay whose socket is always ready keeps its carrier, and small requests would starve
 * behind it; with more carriers than processors the kernel shares these out, but each that has bulk
 * to carry makes a small request wait for longer. One platform thread, {@code carriers}, looks
 * every {@value #LOOK_MILLIS} ms while data flows or handshakes are done.
 *
 * <p>Two such relays on one carrier may wake each other alone: a carrier looks at what came from
 * outside (the poller, a timer, each thread that is new) only when its own queue is empty. So each
 * look also starts a probe from outside; one that has not run by the next look says that others
 * starve too. Many handshakes at a time do the same: users who have their tunnels would wait for
 * the last of those who have none. A probe once a second finds what else keeps the carriers.
 */
final class Carriers {
  private static final long LOOK_MILLIS = 5;

  /** Between looks at what else might keep a carrier, while nothing flows. */
  private static final long IDLE_LOOK_NANOS = 1_000_000_000;

  /** Bulk: 128 KiB in 2 ms, about half a gigabit a second. */
  private static final long BULK = LOOK_MILLIS * 128 * 1024 / 2;

  /** Looks without bulk until carriers are few again: 100 ms. */
  private static final int CALM = 20;

  /** Looks before these where others were found to starve without bulk: they would again. 3 s. */
  private static final int WARNED = 600;

  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
  private static final int FEW = Math.max(1, PROCESSORS / 2);
  private static final int MANY = Math.max(4, 2 * PROCESSORS);
  private static final int MOST = 2 * MANY;

  /**
   * One poller for each of the few carriers, and a power of two, where the JDK has one for each
   * processor. Each is a virtual thread that, when it finds nothing, waits for a platform thread to
   * wake it: with two for one carrier that went round three times as often, each time for as long
   * as the kernel lets a thread wait, and the slowest of 100 small requests waited for half as long
   * again.
   */
  private static final String POLLER_COUNT = String.valueOf(Integer.highestOneBit(FEW));

  private static final List<String> POLLERS = List.of("jdk.readPollers", "jdk.writePollers");

  private static final LongAdder FLOWED = new LongAdder();
  private static final LongAdder HANDSHAKES = new LongAdder();
  private static volatile boolean asleep;

  private Carriers() {}

  /** Started when it is first needed. */
  private static final class Watcher {
    private static final Thread THREAD =
        Thread.ofPlatform().name("carriers").daemon().start(Carriers::run);
  }

  /**
   * A program begins that will have many virtual threads; its image begins with one carrier. To be
   * called before a virtual thread waits for a socket, since the JDK starts its pollers then.
   */
  static void begin() {
    POLLERS.forEach(property -> System.getProperties().putIfAbsent(property, POLLER_COUNT));
    if (FEW > 1) {
      LockSupport.unpark(Watcher.THREAD);
    }
  }

  /**
   * A large piece was passed on; any thread.
   *
   * @param bytes how large
   */
  static void flowed(int bytes) {
    FLOWED.add(bytes);
    wake();
  }

  /** A TLS handshake begins, which takes milliseconds without a pause; any thread. */
  static void handshake() {
    HANDSHAKES.increment();
    wake();
  }

  private static void wake() {
    Thread watcher = Watcher.THREAD;
    if (asleep) {
      LockSupport.unpark(watcher);
    }
  }

  private static void run() {
    var scheduler = ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
    while (true) {
      try {
        scheduler.setParallelism(FEW);
        watch(scheduler, rest() ? WARNED : 0);
      } catch (OutOfMemoryError noThread) {
        LockSupport.parkNanos(IDLE_LOOK_NANOS);
      }
    }
  }

  /** Until something flows, or others starve for another reason: then it returns true. */
  private static boolean rest() {
    long flowed = FLOWED.sum();
    long handshakes = HANDSHAKES.sum();
    boolean starving = false;
    asleep = true;
    while (!starving && FLOWED.sum() == flowed && HANDSHAKES.sum() == handshakes) {
      Thread probe = probe();
      long since = System.nanoTime();
      LockSupport.parkNanos(IDLE_LOOK_NANOS);
      starving = probe.isAlive() && System.nanoTime() - since >= IDLE_LOOK_NANOS;
    }
    asleep = false;
    return starving;
  }

  /** For so many looks, and until nothing flows. */
  private static void watch(VirtualThreadSchedulerMXBean scheduler, int looks) {
    long before = FLOWED.sum();
    int carriers = FEW;
    Thread probe = probe();
    for (int calm = -looks; calm < CALM; calm++) {
      LockSupport.parkNanos(LOOK_MILLIS * 1_000_000);
      long now = FLOWED.sum();
      boolean starving = probe.isAlive();
      if (starving || now - before >= BULK) {
        calm = Math.min(calm, 0);
      }
      if (starving && carriers < MOST || calm <= 0 && carriers == FEW) {
        carriers = Math.clamp(2L * carriers, MANY, MOST);
        scheduler.setParallelism(carriers);
      }
      if (starving) {
        rouse();
      } else {
        probe = probe();
      }
      before = now;
    }
  }

  private static Thread probe() {
    return Thread.ofVirtual().name("probe").start(() -> {});
  }

  /**
   * Has the scheduler take one more carrier, if it may. A higher parallelism alone does not: it
   * takes one when a thread comes to a queue that was empty, and each platform thread has its own.
   */
  private static void rouse() {
    try {
      Thread.ofPlatform().name("rouse").daemon().start(Carriers::probe);
    } catch (OutOfMemoryError noThread) {
      // the next look tries again
    }
  }
}
