package l4proxy.server;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToLongFunction;
import l4proxy.wire.Tunnel;
import org.jspecify.annotations.Nullable;

/** The users who wait for a tunnel of a pool, in the order in which they came. Under its lock. */
final class WaitingUsers {
  /** One of them. */
  static final class Waiting {
    private final long began = System.nanoTime();
    private final long nanos;
    private final boolean alone;
    private final Condition served;
    private @Nullable Tunnel tunnel;

    private Waiting(Duration time, boolean alone, Condition served) {
      this.nanos = time.toNanos();
      this.alone = alone;
      this.served = served;
    }

    /** Whether the user has no other member to go to. */
    boolean alone() {
      return alone;
    }

    /** What the user was given; null when nothing yet. */
    @Nullable Tunnel tunnel() {
      return tunnel;
    }

    /** What is left of the user's time, in nanoseconds. */
    long left() {
      return left(nanos);
    }

    /** The same, when it has so much at least. */
    long left(long least) {
      return Math.max(nanos, least) - (System.nanoTime() - began);
    }

    /** The same, when its time begins with a moment of System.nanoTime. */
    long leftSince(long moment) {
      return nanos - (System.nanoTime() - moment);
    }
  }

  private final ReentrantLock lock;
  private final Deque<Waiting> all = new ArrayDeque<>();

  /** Nobody yet. */
  WaitingUsers(ReentrantLock lock) {
    this.lock = lock;
  }

  /** One more is the last in the queue. */
  Waiting add(Duration time, boolean alone) {
    Waiting user = new Waiting(time, alone, lock.newCondition());
    all.add(user);
    return user;
  }

  /**
   * Waits until the user is given a tunnel or it is not worth any more.
   *
   * @param left nanoseconds that it still is; asked for anew whenever all are woken
   * @return null when there came none
   */
  @Nullable Tunnel await(Waiting user, ToLongFunction<Waiting> left) throws InterruptedException {
    try {
      for (long rest = left.applyAsLong(user);
          user.tunnel == null && rest > 0;
          rest = left.applyAsLong(user)) {
        user.served.awaitNanos(rest);
      }
      return user.tunnel;
    } finally {
      all.remove(user);
    }
  }

  /** Gives a tunnel to the first; false when there is none. */
  boolean give(Tunnel tunnel) {
    Waiting first = all.poll();
    if (first == null) {
      return false;
    }
    first.tunnel = tunnel;
    first.served.signal();
    return true;
  }

  /** How long to wait may be another matter now. */
  void wake() {
    all.forEach(each -> each.served.signal());
  }

  int size() {
    return all.size();
  }
}
