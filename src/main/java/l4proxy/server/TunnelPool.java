package l4proxy.server;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import l4proxy.server.IdleTunnels.Idle;
import l4proxy.server.TunnelDemand.Place;
import l4proxy.server.WaitingUsers.Waiting;
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
 *
 * <pre>
 *              last                   leave                close
 *   GROWING <--------> NO MORE COME ----------> LEAVING -----------> CLOSED
 *      |                    |      idle ones go,              who waits goes
 *      +--------------------+----> those in use are for those who wait ----^
 * </pre>
 */
final class TunnelPool {
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

  /**
   * So long a user who has no other member waits in a queue that moves, or, where no more tunnels
   * come, for one that comes back: there is time to try another one then, see {@link UserTunnel}.
   */
  private static final long QUEUE = Duration.ofSeconds(15).toNanos();

  private enum State {
    GROWING,
    NO_MORE_COME,
    LEAVING,
    CLOSED
  }

  private final IntConsumer ask;
  private final LongSupplier clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition fuller = lock.newCondition();
  private final IdleTunnels idle = new IdleTunnels();
  private final WaitingUsers waiting = new WaitingUsers(lock);
  private final TunnelDemand demand = new TunnelDemand();

  /** When somebody who waited got a tunnel last, as System.nanoTime tells it. */
  private long given = System.nanoTime();

  private State state = State.GROWING;

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

  /**
   * Takes an idle tunnel, or waits for one.
   *
   * @param time so long, and longer where others are given some, or no more come
   * @param alone whether the user has no other member to go to
   * @return null when none came in time, or none will
   */
  @Nullable Tunnel take(Duration time, boolean alone) throws InterruptedException {
    Tunnel tunnel;
    Waiting self = null;
    int missing;
    lock.lock();
    try {
      tunnel = idle.takeLatest();
      if (tunnel == null) {
        self = waiting.add(time, alone);
      } else {
        demand.count(Place.IN_USE, 1);
      }
      missing = missing();
    } finally {
      lock.unlock();
    }
    request(missing);
    return self == null ? tunnel : await(self);
  }

  private @Nullable Tunnel await(Waiting user) throws InterruptedException {
    boolean waited = false;
    lock.lock();
    try {
      Tunnel given = waiting.await(user, this::left);
      waited = true;
      return given;
    } finally {
      Tunnel given = user.tunnel();
      if (!waited && given != null) {
        demand.count(Place.IN_USE, -1);
        given.abort();
      }
      lock.unlock();
    }
  }

  /** So long it is worth to wait yet, in nanoseconds. Under the lock. */
  private long left(Waiting user) {
    boolean returns = user.alone() && demand.areComing();
    return switch (state) {
      case GROWING -> user.alone() ? leftInQueue(user) : user.left();
      case NO_MORE_COME -> returns ? user.left(QUEUE) : user.left();
      case LEAVING -> returns ? user.left(QUEUE) : 0;
      case CLOSED -> 0;
    };
  }

  /** A user's turn will come, when those before it are given tunnels. */
  private long leftInQueue(Waiting user) {
    return Math.max(user.left(), Math.min(user.left(QUEUE), user.leftSince(given)));
  }

  /** How many tunnels to ask for now. Under the lock. */
  private int missing() {
    return state == State.GROWING
        ? demand.missing(idle.size(), waiting.size(), clock.getAsLong())
        : 0;
  }

  private void request(int missing) {
    if (missing > 0) {
      ask.accept(missing);
    }
  }

  /** The client opened a tunnel that it was asked for; more may be missing yet. */
  void add(Tunnel tunnel) {
    try {
      offer(new Idle(tunnel, clock.getAsLong()));
    } finally {
      less(Place.PROMISED, 1);
    }
    want(() -> demand.arrived(clock.getAsLong()));
  }

  /** Tickets that nobody used in time. */
  void expired(int tickets) {
    less(Place.PROMISED, tickets);
  }

  /** A user is done with a tunnel, and it is good. */
  void back(Tunnel tunnel) {
    try {
      offer(new Idle(tunnel, clock.getAsLong()));
    } finally {
      drop();
    }
  }

  /** A user is done with a tunnel, and it is not good any more. */
  void drop() {
    less(Place.IN_USE, 1);
  }

  /** Who waits for the last that might come waits in vain then. */
  private void less(Place place, int tunnels) {
    lock.lock();
    try {
      demand.count(place, -tunnels);
      if (state != State.GROWING && !demand.areComing()) {
        waiting.wake();
      }
    } finally {
      lock.unlock();
    }
  }

  private void offer(Idle entry) {
    boolean wanted = true;
    lock.lock();
    try {
      if (state != State.CLOSED && waiting.give(entry.tunnel())) {
        demand.count(Place.IN_USE, 1);
        given = System.nanoTime();
      } else if (state.compareTo(State.LEAVING) < 0) {
        idle.add(entry);
        fuller.signalAll();
      } else {
        wanted = false;
      }
    } finally {
      lock.unlock();
    }
    if (!wanted) {
      entry.tunnel().close();
    }
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
      retired = idle.takeUnused(now - RETIRE_AFTER, demand.spare());
      int most = Math.max(CHECKS, idle.size() / CHECKS_PART);
      due = idle.takeUnchecked(now - CHECK_AFTER, Math.min((idle.size() + 3) / 4, most));
      demand.count(Place.CHECKED, due.size());
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
      new TunnelCheck(
              entry.tunnel(),
              alive -> offer(entry.checkedAt(clock.getAsLong())),
              () -> less(Place.CHECKED, 1))
          .start();
    } catch (OutOfMemoryError e) {
      entry.tunnel().abort();
      less(Place.CHECKED, 1);
    }
  }

  /** It is of no use any more, unless somebody still waits: whether it is closed. */
  boolean retire() {
    lock.lock();
    try {
      if (waiting.size() > 0) {
        return false;
      }
    } finally {
      lock.unlock();
    }
    close();
    return true;
  }

  /** No more tunnels come, whatever is asked for; or they do. */
  void last(boolean is) {
    lock.lock();
    try {
      if (state.compareTo(State.LEAVING) < 0) {
        state = is ? State.NO_MORE_COME : State.GROWING;
        waiting.wake(); // they wait for longer, or not
      }
    } finally {
      lock.unlock();
    }
  }

  /** The client leaves: what comes back is for those who have no other, and wait. */
  void leave() {
    become(State.LEAVING);
  }

  /** The session is over: nobody is served any more. */
  void close() {
    become(State.CLOSED);
  }

  private void become(State next) {
    List<Tunnel> left;
    lock.lock();
    try {
      state = state.compareTo(next) < 0 ? next : state;
      left = idle.takeAll();
      waiting.wake();
      fuller.signalAll();
    } finally {
      lock.unlock();
    }
    left.forEach(Tunnel::close);
  }

  /** Gets all the idle tunnels that it may need for a while: soon no more will come. */
  void fill() {
    want(() -> demand.fill(idle.size(), waiting.size()));
  }

  /** Has so many idle tunnels from now on, within what a pool may have. */
  void want(int tunnels) {
    want(() -> demand.want(tunnels));
  }

  private void want(Runnable change) {
    int missing;
    lock.lock();
    try {
      change.run();
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
    return state.compareTo(State.LEAVING) >= 0 || demand.isMet(idle.size());
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
