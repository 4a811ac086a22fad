package l4proxy.net;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One platform thread that gives everything with a time limit a look twice a second.
 *
 * <p>It stands in for a time-out on each read of a relay: those would arm and disarm a timer for
 * every read, four times for each small request, while this costs some ten nanoseconds a connection
 * and tick. Being a platform thread, it also keeps time while relays keep all carriers busy.
 */
public final class Watch implements AutoCloseable {
  /** How often everything watched is looked at. */
  public static final Duration TICK = Duration.ofMillis(500);

  private static final System.Logger LOG = System.getLogger("l4proxy.watch");

  /** Something with time limits. */
  @FunctionalInterface
  public interface Watched {
    /** Called once each {@link #TICK}; must not block. */
    void tick();
  }

  private final Set<Watched> all = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  /** There was no memory at the last look. */
  private boolean failing;

  /** Starts the thread. */
  public Watch() {
    Carriers.begin();
    thread = Thread.ofPlatform().name("watch").daemon().start(this::run);
  }

  private void run() {
    long next = System.nanoTime() + TICK.toNanos();
    try {
      while (!closed.await(next - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        look();
        // by the clock, since speeds count on it; what a pause has made late is not made up for
        next = Math.max(next + TICK.toNanos(), System.nanoTime());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whatever fails, the next look comes; even to say something may take more than is there. */
  private void look() {
    try {
      boolean fails = false;
      for (Watched each : all) {
        fails |= !tick(each);
      }
      if (fails && !failing) {
        LOG.log(System.Logger.Level.WARNING, "too little memory to keep time limits with for now");
      }
      failing = fails;
    } catch (OutOfMemoryError e) {
      // the next look goes over all of them again
    }
  }

  private static boolean tick(Watched each) {
    try {
      each.tick();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a bug, please report it", e);
    } catch (OutOfMemoryError e) { // one's failure is not the others'
      return false;
    }
    return true;
  }

  /**
   * Looks at it from now on.
   *
   * @param watched what has time limits
   */
  public void add(Watched watched) {
    all.add(watched);
  }

  /**
   * Looks at it no more.
   *
   * @param watched what was added; nothing happens when it was not
   */
  public void remove(Watched watched) {
    all.remove(watched);
  }

  /** How many it looks at. */
  int size() {
    return all.size();
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
