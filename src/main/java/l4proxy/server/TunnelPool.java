package l4proxy.server;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import l4proxy.server.IdleTunnels.Idle;
import l4proxy.wire.Tunnel;
import org.jspecify.annotations.Nullable;

/**
 * The idle tunnels of one session, and the users who wait for one.
 *
 * <p>The tunnel used last is taken first, so that those beyond the demand grow old and are closed.
 * Whoever finds too few asks the client for more, one ticket a tunnel. Users are served in the
 * order in which they came. {@link #keep()}, called once a second, checks that idle tunnels are
 * alive, and retires old ones. All methods may be called from any thread and none does I/O under
 * the lock.
 */
final class TunnelPool {
  private static final int LEAST = 2;
  private static final int MOST_SPARE = 64;
  private static final long CHECK_AFTER = Duration.ofMillis(4500).toNanos();

  /**
   * Checks begun at a time, or a part of all, if that is more: what a crowd has left is not to keep
   * those who are busy, but after 20 s without a word the client gives a tunnel up.
   */
  private static final int CHECKS = 100;

  private static final int CHECKS_PART = 10;

  /**
   * A minute, and a little: as many users as came together before it find their tunnels; with the
   * second that {@link #keep()} may be late it is less than the 75 s that are promised.
   */
  private static final long RETIRE_AFTER = Duration.ofSeconds(72).toNanos();

  private static final Duration CHECKING = Duration.ofSeconds(5);

  private static final class Waiting {
    private final Condition served;
    private @Nullable Tunnel tunnel;

    Waiting(Condition served) {
      this.served = served;
    }
  }

  private final IntConsumer ask;
  private final LongSupplier clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition fuller = lock.newCondition();
  private final IdleTunnels idle = new IdleTunnels();
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private int promised;
  private int checking;
  private int inUse;
  private int least = LEAST;

  /** Tunnels that come back are for those who wait, else they are closed. */
  private boolean leaving;

  private boolean closed;

  /**
   * An empty pool.
   *
   * @param ask asks the client for that many tunnels more
   * @param clock nanoseconds that only go forward
   */
  TunnelPool(IntConsumer ask, LongSupplier clock) {
    this.ask = ask;
    this.clock = clock;
  }

  /** Takes an idle tunnel, or waits for one; null when none came in time or the session is over. */
  @Nullable Tunnel take(Duration time) throws InterruptedException {
    Waiting self = new Waiting(lock.newCondition());
    int missing;
    lock.lock();
    try {
      self.tunnel = idle.takeLatest();
      if (self.tunnel != null) {
        inUse++;
      } else if (!closed) {
        waiting.add(self);
      }
      missing = missing();
    } finally {
      lock.unlock();
    }
    request(missing);
    return self.tunnel == null ? await(self, time.toNanos()) : self.tunnel;
  }

  private @Nullable Tunnel await(Waiting self, long nanos) throws InterruptedException {
    boolean waited = false;
    lock.lock();
    try {
      long left = nanos;
      while (self.tunnel == null && !closed && left > 0) {
        left = self.served.awaitNanos(left);
      }
      waited = true;
      return self.tunnel;
    } finally {
      waiting.remove(self);
      if (!waited && self.tunnel != null) {
        inUse--;
        self.tunnel.abort();
      }
      lock.unlock();
    }
  }

  /** How many tunnels to ask for now; they count as promised from here on. Under the lock. */
  private int missing() {
    int missing = waiting.size() + spare() - idle.size() - checking - promised;
    if (leaving || closed || missing <= 0) {
      return 0;
    }
    promised += missing;
    return missing;
  }

  /** How many are to be idle beside those who wait. */
  private int spare() {
    return Math.max(least, Math.min(MOST_SPARE, inUse / 4));
  }

  private void request(int missing) {
    if (missing > 0) {
      ask.accept(missing);
    }
  }

  /** The client opened a tunnel that it was asked for. */
  void add(Tunnel tunnel) {
    lock.lock();
    try {
      promised--;
    } finally {
      lock.unlock();
    }
    offer(new Idle(tunnel, clock.getAsLong()));
  }

  /** Tickets that nobody used in time. */
  void expired(int tickets) {
    lock.lock();
    try {
      promised -= tickets;
    } finally {
      lock.unlock();
    }
  }

  /** A user is done with a tunnel, and it is good. */
  void back(Tunnel tunnel) {
    drop();
    offer(new Idle(tunnel, clock.getAsLong()));
  }

  /** A user is done with a tunnel, and it is not good any more. */
  void drop() {
    lock.lock();
    try {
      inUse--;
    } finally {
      lock.unlock();
    }
  }

  private void offer(Idle entry) {
    lock.lock();
    try {
      if (!closed) {
        Waiting next = waiting.poll();
        if (next != null) {
          inUse++;
          next.tunnel = entry.tunnel();
          next.served.signal();
          return;
        }
        if (!leaving) {
          idle.add(entry);
          fuller.signalAll();
          return;
        }
      }
    } finally {
      lock.unlock();
    }
    entry.tunnel().close();
  }

  /**
   * Retires what is too many and too old, checks a few of those not used lately, first those that
   * were not for longest, and asks for what is missing.
   */
  void keep() {
    List<Tunnel> retired;
    List<Idle> due;
    int missing;
    lock.lock();
    try {
      long now = clock.getAsLong();
      retired = idle.takeUnused(now - RETIRE_AFTER, spare());
      int most = Math.max(CHECKS, idle.size() / CHECKS_PART);
      due = idle.takeUnchecked(now - CHECK_AFTER, Math.min((idle.size() + 3) / 4, most));
      checking += due.size();
      missing = missing();
    } finally {
      lock.unlock();
    }
    request(missing);
    retired.forEach(Tunnel::close);
    due.forEach(this::startCheck);
  }

  private void startCheck(Idle entry) {
    try {
      Thread.ofVirtual().name("tunnel check").start(() -> check(entry));
    } catch (OutOfMemoryError e) {
      entry.tunnel().abort();
      checked();
    }
  }

  private void check(Idle entry) {
    boolean kept = false;
    try {
      try {
        entry.tunnel().check(CHECKING);
      } finally {
        checked();
      }
      offer(entry.checkedAt(clock.getAsLong()));
      kept = true;
    } catch (IOException dead) {
      // it is of no use, as after anything else that went wrong
    } finally {
      if (!kept) {
        entry.tunnel().abort();
      }
    }
  }

  private void checked() {
    lock.lock();
    try {
      checking--;
    } finally {
      lock.unlock();
    }
  }

  /** It is of no use any more, unless somebody still waits: whether it is closed. */
  boolean retire() {
    lock.lock();
    try {
      if (!waiting.isEmpty()) {
        return false;
      }
    } finally {
      lock.unlock();
    }
    close();
    return true;
  }

  /** The client leaves, and nothing comes after it: those who wait get what comes back. */
  void leave() {
    List<Tunnel> left;
    lock.lock();
    try {
      leaving = true;
      left = idle.takeAll();
      fuller.signalAll();
    } finally {
      lock.unlock();
    }
    left.forEach(Tunnel::close);
  }

  /** The session is over: nobody is served any more. */
  void close() {
    List<Tunnel> left;
    lock.lock();
    try {
      closed = true;
      left = idle.takeAll();
      waiting.forEach(each -> each.served.signal());
      fuller.signalAll();
    } finally {
      lock.unlock();
    }
    left.forEach(Tunnel::close);
  }

  /**
   * Gets as many idle tunnels as there are in all, again as many as have users, and a few: soon no
   * more will come, and while another process starts beside this one each user takes longer.
   */
  void fill() {
    lock.lock();
    int all;
    try {
      all = idle.size() + 2 * inUse + waiting.size();
    } finally {
      lock.unlock();
    }
    want(2 * LEAST + all);
  }

  /** Has so many idle tunnels from now on, within what a pool may have. */
  void want(int tunnels) {
    int missing;
    lock.lock();
    try {
      least = Math.clamp(tunnels, LEAST, MOST_SPARE);
      fuller.signalAll(); // it may want fewer than before
      missing = missing();
    } finally {
      lock.unlock();
    }
    request(missing);
  }

  /** Whether it has them. */
  boolean isFilled() {
    lock.lock();
    try {
      return filled();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until it has them.
   *
   * @param end of the wait at the latest, as System.nanoTime tells it
   */
  void awaitFilled(long end) throws InterruptedException {
    lock.lock();
    try {
      long left = end - System.nanoTime();
      while (!filled() && left > 0) {
        left = fuller.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. */
  private boolean filled() {
    return leaving || closed || idle.size() + checking >= least;
  }

  /** Idle tunnels now. */
  int idle() {
    lock.lock();
    try {
      return idle.size();
    } finally {
      lock.unlock();
    }
  }
}
