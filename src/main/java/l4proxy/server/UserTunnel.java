package l4proxy.server;

import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import l4proxy.events.Event;
import l4proxy.net.Sockets;
import l4proxy.wire.FrameType;
import l4proxy.wire.OpenFrame;
import l4proxy.wire.Tunnel;
import org.jspecify.annotations.Nullable;

/**
 * The tunnel of one user: taken from a member of the port, opened, and given up for that of another
 * member as long as none has connected its backend.
 *
 * <pre>
 *            open               connected
 *   NONE ------------> OPEN ----------------> CONNECTED ---+
 *     ^                 |                                  | giveBack
 *     +-----------------+                                  v
 *        it refused, or broke unspoken                   NONE
 * </pre>
 *
 * <p>The user's own thread calls everything; {@link #abort()} and {@link #reset} come from any.
 */
final class UserTunnel {
  /**
   * How long a user waits while no member is connected, and for a tunnel of each that is; the last
   * of them may take longer while it has tunnels for others.
   */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /** After this nothing more is tried for a user whose members keep failing. */
  private static final Duration TRYING = Duration.ofSeconds(20);

  private final UserConnection user;
  private final PublicPort port;
  private final FirstBytes first;
  private final Set<Service> refused = new HashSet<>();
  private final long started = System.nanoTime();
  private @Nullable Service member;
  private @Nullable ClientSession session;
  private volatile @Nullable Tunnel tunnel;
  private long held;
  private int tried;
  private long asked;

  /** None yet. */
  UserTunnel(UserConnection user, PublicPort port, FirstBytes first) {
    this.user = user;
    this.port = port;
    this.first = first;
  }

  /** Opens one of the next member; false when none is left or nobody is there to be served. */
  boolean open() throws InterruptedException {
    while (!first.gone() && !user.isEnded()) {
      long since = System.nanoTime() - started;
      Service next = member(PATIENCE.toNanos() - held);
      if (next == null) {
        return false;
      }
      member = next;
      tried++;
      if (since > TRYING.toNanos()) {
        return false;
      }
      if (openTo(next)) {
        return true;
      }
      next.left(user);
      if (first.spoken()) {
        return false;
      }
    }
    return false;
  }

  /** The next member, waited for if need be; null when there is none. */
  private @Nullable Service member(long nanos) throws InterruptedException {
    long began = System.nanoTime();
    try {
      return port.member(user, refused, nanos);
    } finally {
      held += System.nanoTime() - began;
    }
  }

  /** Opens one of this member; false when it has none. */
  private boolean openTo(Service next) throws InterruptedException {
    ClientSession from = next.session();
    Tunnel taken = from == null ? null : take(from, next);
    if (from == null || taken == null) {
      if (next.session() == from && next.reachable()) {
        refuse(next);
      }
      return false;
    }
    session = from;
    tunnel = taken;
    asked = System.nanoTime();
    taken.begin(user::silent);
    try {
      if (first.open(taken, frame(next, taken))) {
        return true;
      }
      tunnel = null;
      from.tunnels().back(taken);
      return false;
    } catch (IOException broken) {
      from.tunnels().drop(taken);
      tunnel = null;
      return false;
    }
  }

  private @Nullable Tunnel take(ClientSession from, Service next) throws InterruptedException {
    boolean alone =
        port.members().stream().noneMatch(other -> other.reachable() && mayServe(other, next));
    return from.tunnels().take(next.tunnels(), PATIENCE, alone);
  }

  private void refuse(Service next) {
    refused.add(next);
    next.standing().refused(System.nanoTime());
  }

  private OpenFrame frame(Service next, Tunnel taken) {
    return new OpenFrame(
        taken.state().number() + 1,
        next.asked().service(),
        user.address(),
        Sockets.text(user.local()));
  }

  /**
   * Waits for what the member says to the opening.
   *
   * @return the tunnel, once its backend is connected; null when the member refused, or broke
   *     before it was given anything
   * @throws IOException when it broke after that
   */
  @Nullable Tunnel connected() throws IOException {
    Tunnel open = Objects.requireNonNull(tunnel);
    ClientSession from = Objects.requireNonNull(session);
    Service serving = Objects.requireNonNull(member);
    try {
      if (open.receive() == FrameType.OPENED) {
        serving.standing().served();
        return open;
      }
      refuse(serving);
      first.refused();
      from.tunnels().settle(open);
    } catch (IOException broken) {
      from.tunnels().drop(open);
      tunnel = null;
      if (first.spoken()) {
        throw broken;
      }
      serving.standing().refused(System.nanoTime());
      if (hangs() && port.members().stream().anyMatch(other -> mayServe(other, serving))) {
        refused.add(serving);
      }
      first.refused();
    }
    tunnel = null;
    serving.left(user);
    return null;
  }

  /** Whether the tunnel just tried broke for want of an answer: the next would, too. */
  private boolean hangs() {
    return System.nanoTime() - asked >= Tunnel.OPENING.toNanos();
  }

  private boolean mayServe(Service other, Service than) {
    return other != than && !refused.contains(other);
  }

  /** Tells the client, whatever it does just now, that the user was ended. */
  synchronized void reset(String reason) {
    Tunnel open = tunnel; // under the lock: so it is still this user's
    if (open != null) {
      open.resetLater(reason);
    }
  }

  void abort() {
    Tunnel open = tunnel;
    if (open != null) {
      open.abort();
    }
  }

  /**
   * The user is done with it.
   *
   * @param done whether the client is, too: it is good for another user then
   */
  void giveBack(boolean done) {
    Tunnel open;
    synchronized (this) {
      open = tunnel;
      tunnel = null;
    }
    ClientSession from = session;
    if (open != null && from != null) {
      giveBack(open, from.tunnels(), done);
    }
  }

  private static void giveBack(Tunnel open, SessionTunnels to, boolean done) {
    boolean back = false;
    try {
      if (done) {
        to.back(open);
        back = true;
      }
    } finally {
      if (!back) {
        to.drop(open);
      }
    }
  }

  /** The member that serves, or was tried last; null when none was. */
  @Nullable Service member() {
    return member;
  }

  /** Who serves, or was tried last; empty strings for who is not known. */
  Event.ServedBy servedBy() {
    Service serving = member;
    ClientSession from = session;
    if (serving == null) {
      return port.unserved();
    }
    return new Event.ServedBy(
        serving.asked().name(), serving.name(), from == null ? "" : from.client(), serving.key());
  }

  /** How many members were tried after the first. */
  int retries() {
    return Math.max(tried - 1, 0);
  }
}
