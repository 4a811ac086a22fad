package l4proxy.net;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.time.Duration;
import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Has the old generation collected in time, which gives memory back to the system: by itself the
 * image's serial collector does that only when it has grown to its bound, a quarter of the
 * machine's memory.
 *
 * <p>It is time when the old generation holds twice what was alive after the last full collection,
 * and {@value #SPARE} bytes; and in a calm moment when half of those have left who were there since
 * then, and with them their memory. The first one is early, at {@value #FIRST} bytes: from then on
 * the image has a larger young generation, in which more dies. A full collection stops everything,
 * and for longer the more are there: its threads' stacks are walked.
 */
public final class Heap implements Watch.Watched {
  private static final long SPARE = 16 * 1024 * 1024;
  private static final long FIRST = 12 * 1024 * 1024;

  /** Bytes that are allocated between two looks in a busy time: of some ten new connections. */
  private static final long BUSY = 256 * 1024;

  /** How long it is calm before it counts. */
  private static final Duration CALM = Duration.ofSeconds(5);

  /** From one collection in calm to the next at least. */
  private static final Duration PAUSE = Duration.ofMinutes(1);

  /** Those who leave beside these leave little behind. */
  private static final int FEW = 16;

  private final MemoryPoolMXBean eden;
  private final MemoryPoolMXBean old;
  private final Runnable collect;
  private final IntSupplier there;
  private final LongSupplier clock;
  private long young;
  private int most;
  private long calmFrom;
  private long next;

  /**
   * Looks at two generations; called by the watch alone.
   *
   * @param eden where every object begins; it is empty after a collection
   * @param old where those end that live for long
   * @param collect makes a full collection
   * @param there how many connections there are, roughly
   * @param clock nanoseconds that only go forward
   */
  Heap(
      MemoryPoolMXBean eden,
      MemoryPoolMXBean old,
      Runnable collect,
      IntSupplier there,
      LongSupplier clock) {
    this.eden = eden;
    this.old = old;
    this.collect = collect;
    this.there = there;
    this.clock = clock;
    this.calmFrom = clock.getAsLong();
    this.next = calmFrom;
  }

  /**
   * Looks after this process's heap from now on; not when its collector is another one than the
   * image's, since whoever chose that chose how it goes about it.
   *
   * @param watch looks; it has each connection to look after, too
   */
  public static void watchedBy(Watch watch) {
    pool("Eden Space")
        .ifPresent(eden ->
            pool("Tenured Gen")
                .map(old -> new Heap(eden, old, System::gc, watch::size, System::nanoTime))
                .ifPresent(watch::add));
  }

  private static Optional<MemoryPoolMXBean> pool(String name) {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
        .filter(pool -> pool.getName().equals(name))
        .findFirst();
  }

  @Override
  public void tick() {
    long now = clock.getAsLong();
    int left = there.getAsInt();
    most = Math.max(most, left);
    boolean calm = isCalm(now) && now - next >= 0;
    if (isFull() || calm && most > 2 * left + FEW) {
      collect.run();
      young = eden.getUsage().getUsed();
      most = left;
      next = now + PAUSE.toNanos();
    }
  }

  private boolean isFull() {
    long alive = old.getCollectionUsage().getUsed(); // 0 when there was none yet
    return old.getUsage().getUsed() > (alive == 0 ? FIRST : 2 * alive + SPARE);
  }

  /** Whether little was allocated lately; called each time. */
  private boolean isCalm(long now) {
    long before = young;
    young = eden.getUsage().getUsed();
    if (young < before || young - before >= BUSY) {
      calmFrom = now;
    }
    return now - calmFrom >= CALM.toNanos();
  }
}
