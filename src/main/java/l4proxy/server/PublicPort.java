package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.Traffic;
import org.jspecify.annotations.Nullable;

/**
 * A public port: accepts users, and knows who serves them.
 *
 * <p>Each user has a virtual thread of the accept loop's. The port stays open while its members'
 * clients are away, as long as a lease lasts; users wait for one to come back. {@link #close()}
 * ends all users.
 */
final class PublicPort implements AutoCloseable {
  private static final AtomicLong NUMBERS = new AtomicLong();

  private final Admission admission;
  private final UnaryOperator<Connection> paced;
  private final Traffic traffic;
  private final Events events;
  private final int number;
  private final Map<Long, UserConnection> users = new ConcurrentHashMap<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private volatile @Nullable AcceptLoop loop;
  private final Members members;
  private volatile boolean stopped;

  /**
   * Accepts no users before it {@link #listen listens}.
   *
   * @param admission says who may be one
   * @param paced keeps a user's connection to the rate it may have
   * @param traffic counts what those of all ports carry
   */
  PublicPort(
      int number,
      Admission admission,
      UnaryOperator<Connection> paced,
      Traffic traffic,
      Events events) {
    this.admission = admission;
    this.paced = paced;
    this.traffic = traffic;
    this.events = events;
    this.members = new Members(new SplittableRandom(), admission.mostPerService());
    this.number = number;
  }

  /**
   * Accepts users from now on.
   *
   * @param listener closed with this
   */
  void listen(ServerSocket listener) {
    lock.lock();
    try {
      AcceptLoop made = new AcceptLoop(name(), listener, this::accepted);
      loop = made;
      if (stopped) {
        made.stop();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Its listener; empty before there is one. */
  Optional<AcceptLoop> listener() {
    return Optional.ofNullable(loop);
  }

  /** A number for a user, of this port or of anything else of this process's. */
  static long nextUser() {
    return NUMBERS.incrementAndGet();
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    long id = nextUser();
    Thread.currentThread().setName("user " + id);
    Connection newcomer = new PlainConnection(socket).resetWhenLost();
    Optional<Admission.Place> place = admission.enter(newcomer.remote().getAddress());
    if (place.isEmpty()) {
      turnAway(id, newcomer);
      return;
    }
    try (var _ = place.get()) {
      UserConnection user = new UserConnection(id, this, paced.apply(newcomer));
      users.put(id, user);
      user.run();
    }
  }

  private void turnAway(long id, Connection newcomer) {
    newcomer.abort();
    String from = Sockets.text(newcomer.remote());
    events.happened(
        new Event.UserEnded(
            id, from, unserved(), EndedBy.LIMIT, 0, 0, Duration.ZERO, Optional.empty(), 0));
  }

  /** A user is gone. */
  void ended(UserConnection user) {
    users.remove(user.id());
    if (stopped) {
      memberChanged();
    }
  }

  /** One more serves this port from now on. */
  void join(Service service) {
    lock.lock();
    try {
      members.add(service);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** One less, if it still was; those who wait for a member look again. */
  boolean leave(Service service) {
    lock.lock();
    try {
      changed.signalAll();
      return members.remove(service);
    } finally {
      lock.unlock();
    }
  }

  /** Who serves this port. */
  List<Service> members() {
    return members.all();
  }

  /** A client came or went: users who wait look again. */
  void memberChanged() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives a user to a member; waits while nobody is connected.
   *
   * @param user not of any member yet
   * @param refused who said no to this user already
   * @param nanos how long to wait at most
   * @return null when nobody is left or has room, or nobody came in time
   */
  @Nullable Service member(UserConnection user, Set<Service> refused, long nanos)
      throws InterruptedException {
    lock.lock();
    try {
      long left = nanos;
      while (!stopped) {
        Service chosen = members.choose(refused, user.host());
        if (chosen != null) {
          chosen.joined(user);
          return chosen;
        }
        if (members.full(refused)) {
          admission.refuse(Admission.Reason.MAX_USERS_PER_SERVICE, user.host());
          user.end(EndedBy.LIMIT);
          return null;
        }
        if (left <= 0 || members.connected()) {
          return null;
        }
        left = changed.awaitNanos(left);
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Takes no new users, and lets go those who still wait for a member. */
  void stop() {
    lock.lock();
    try {
      stopped = true;
    } finally {
      lock.unlock();
    }
    listener().ifPresent(AcceptLoop::stop);
    memberChanged();
  }

  /**
   * Takes no new users, and closes when the last of those there are has gone.
   *
   * @param then done after that
   */
  void retire(Runnable then) {
    stop();
    Thread.ofVirtual().name("retire " + name()).start(() -> closeWhenEmpty(then));
  }

  private void closeWhenEmpty(Runnable then) {
    lock.lock();
    try {
      while (!users.isEmpty()) {
        changed.await();
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
    close();
    then.run();
  }

  /** Ends every user's connection. */
  void endUsers(EndedBy reason) {
    users.values().forEach(user -> user.end(reason));
  }

  @Override
  public void close() {
    stop();
    endUsers(EndedBy.CLOSED);
    listener().ifPresent(AcceptLoop::close);
  }

  Collection<UserConnection> users() {
    return users.values();
  }

  int number() {
    return number;
  }

  private String name() {
    return "public:" + number;
  }

  /** For the log, when no member served a user: what those who should have are called. */
  Event.ServedBy unserved() {
    return members.all().stream()
        .findFirst()
        .map(m -> new Event.ServedBy(m.asked().name(), "", "", m.key()))
        .orElseGet(() -> new Event.ServedBy(name(), "", "", ""));
  }

  Traffic traffic() {
    return traffic;
  }

  Events events() {
    return events;
  }
}
