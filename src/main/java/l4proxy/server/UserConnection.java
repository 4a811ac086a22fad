package l4proxy.server;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.net.Connection;
import l4proxy.net.Relay;
import l4proxy.net.Sockets;
import l4proxy.net.Traffic;
import l4proxy.wire.FrameType;
import l4proxy.wire.OpenFrame;
import l4proxy.wire.Opening;
import l4proxy.wire.ProtocolException;
import l4proxy.wire.Tunnel;
import org.jspecify.annotations.Nullable;

/**
 * One user's connection, from accept to end: takes a tunnel of a member, opens it, relays.
 *
 * <p>The user's virtual thread runs {@link #run()}: it opens tunnels and then carries bytes down to
 * the user; a second one, {@code user N up}, reads the user from the first opening on. A member
 * that refuses is followed by the next, with the user's first bytes kept for it; only when none is
 * left is the user reset. This class closes the user's socket; the tunnel goes back to its session
 * when the client is done with it, and is broken otherwise.
 */
final class UserConnection {
  /** How long a user waits while no member is connected, and for a tunnel of each that is. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  /** After this nothing more is tried for a user whose members keep failing. */
  private static final Duration TRYING = Duration.ofSeconds(20);

  private final long id;
  private final PublicPort port;
  private final Connection user;
  private final String address;
  private final Traffic traffic = new Traffic();
  private final FirstBytes first;
  private final Set<Service> refused = new HashSet<>();
  private final Instant connectedAt = Instant.now();
  private final long started = System.nanoTime();
  private @Nullable Service member;
  private @Nullable ClientSession session;
  private volatile @Nullable Tunnel tunnel;
  private volatile @Nullable Opening opening;
  private volatile @Nullable EndedBy closedBy;
  private boolean done;
  private int tried;
  private long asked;
  private long dialNanos = -1;

  UserConnection(long id, PublicPort port, Connection user) {
    this.id = id;
    this.port = port;
    this.user = user;
    this.address = Sockets.text(user.remote());
    this.first = new FirstBytes(user);
  }

  /** Serves the user to the end. */
  void run() throws IOException, InterruptedException {
    boolean served = false;
    try {
      first.peek();
      if (open()) {
        Relay.run("user " + id + " up", this::up, this::down, this::abort);
      } else {
        giveUp();
      }
      served = true;
    } finally {
      if (!served) {
        abort();
      }
      finish();
    }
  }

  /** Nobody is left to serve the user, or there is no user left. */
  private void giveUp() {
    if (closedBy == null) {
      closedBy = first.gone() ? EndedBy.RESET : EndedBy.REFUSED;
    }
    first.over();
    user.abort();
  }

  /** Opens a tunnel of the next member; false when none is left or nobody is there to be served. */
  private boolean open() throws InterruptedException {
    while (!first.gone() && closedBy == null) {
      long since = System.nanoTime() - started;
      Service next = port.member(this, refused, PATIENCE.toNanos() - since);
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
      next.left(this);
      if (first.spoken()) {
        return false;
      }
    }
    return false;
  }

  /** Opens a tunnel of one member; false when it has none. */
  private boolean openTo(Service next) throws InterruptedException {
    ClientSession from = next.session();
    Tunnel taken = from == null ? null : from.tunnels().take(next.tunnels(), PATIENCE);
    if (from == null || taken == null) {
      if (next.session() == from && next.reachable()) {
        refuse(next);
      }
      return false;
    }
    session = from;
    tunnel = taken;
    asked = System.nanoTime();
    taken.begin(this::silent);
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

  private void refuse(Service next) {
    refused.add(next);
    next.standing().refused(System.nanoTime());
  }

  private OpenFrame frame(Service next, Tunnel taken) {
    return new OpenFrame(
        taken.state().number() + 1, next.asked().service(), address, Sockets.text(user.local()));
  }

  /** The user's thread {@code up}: from the user into the tunnel. */
  private void up() throws InterruptedException {
    if (first.run()) {
      Opening joined = opening;
      if (joined != null) {
        joined.send();
      }
    }
  }

  /** The user's own thread: from the tunnel to the user, once there is one that is connected. */
  private void down() throws IOException, InterruptedException {
    Opening joined = connected();
    while (joined == null) {
      if (!open()) {
        giveUp();
        return;
      }
      joined = connected();
    }
    FrameType last = joined.receive();
    if (last != FrameType.DONE) {
      throw new ProtocolException("a frame " + last + " instead of DONE");
    }
    done = true;
  }

  /**
   * Waits for what the member says to the opening; null when it refused, or broke before it was
   * given anything.
   */
  private @Nullable Opening connected() throws IOException {
    Tunnel open = Objects.requireNonNull(tunnel);
    ClientSession from = Objects.requireNonNull(session);
    Service serving = Objects.requireNonNull(member);
    try {
      if (open.receive() == FrameType.OPENED) {
        Opening joined = new Opening(open, user, this::countIn, this::countOut, () -> {});
        opening = joined;
        dialNanos = System.nanoTime() - started;
        serving.standing().served();
        port.events().happened(new Event.UserServed(id, address, servedBy(), dial()));
        countIn(first.opened());
        return joined;
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
    serving.left(this);
    return null;
  }

  /** Whether the tunnel just tried broke for want of an answer: the next would, too. */
  private boolean hangs() {
    return System.nanoTime() - asked >= Tunnel.OPENING.toNanos();
  }

  private boolean mayServe(Service other, Service than) {
    return other != than && !refused.contains(other);
  }

  private void countIn(long bytes) {
    traffic.countIn(bytes);
    Objects.requireNonNull(member).traffic().countIn(bytes);
    port.traffic().countIn(bytes);
  }

  private void countOut(long bytes) {
    traffic.countOut(bytes);
    Objects.requireNonNull(member).traffic().countOut(bytes);
    port.traffic().countOut(bytes);
  }

  /** Half closed and silent for too long. */
  private void silent() {
    end(EndedBy.IDLE);
  }

  /**
   * Ends this connection for a reason of the server's, the first counts; from any thread.
   *
   * @return whether there was no such reason yet
   */
  boolean end(EndedBy reason) {
    boolean isFirst;
    synchronized (this) {
      isFirst = closedBy == null;
      if (isFirst) {
        closedBy = reason;
      }
    }
    user.abort();
    synchronized (this) { // so that the tunnel is still this user's
      Tunnel open = tunnel;
      if (open != null && opening != null) {
        open.resetLater("ended by the server: " + reason);
      }
    }
    return isFirst;
  }

  private void abort() {
    first.over();
    user.abort();
    Tunnel open = tunnel;
    if (open != null) {
      open.abort();
    }
  }

  private void finish() {
    Tunnel open;
    synchronized (this) {
      open = tunnel;
      tunnel = null;
    }
    ClientSession from = session;
    try {
      if (open != null && from != null) {
        giveBack(open, from.tunnels());
      }
    } finally { // also when there is no memory for that: nobody is counted for ever
      user.close();
      Service served = member;
      if (served != null) {
        served.left(this);
      }
      port.ended(this);
    }
    port.events().happened(over());
  }

  private void giveBack(Tunnel open, SessionTunnels to) {
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

  private Event over() {
    return new Event.UserEnded(
        id,
        address,
        servedBy(),
        endedBy(),
        traffic.in(),
        traffic.out(),
        Duration.ofNanos(System.nanoTime() - started),
        dial(),
        Math.max(tried - 1, 0));
  }

  private Optional<Duration> dial() {
    return dialNanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(dialNanos));
  }

  private Event.ServedBy servedBy() {
    Service serving = member;
    ClientSession from = session;
    if (serving == null) {
      return port.unserved();
    }
    return new Event.ServedBy(
        serving.asked().name(), serving.name(), from == null ? "" : from.client(), serving.key());
  }

  private EndedBy endedBy() {
    EndedBy closed = closedBy;
    if (closed != null) {
      return closed;
    }
    Opening joined = opening;
    return switch (joined == null ? Opening.End.RESET : joined.first()) {
      case LOCAL -> EndedBy.USER;
      case REMOTE -> EndedBy.BACKEND;
      case RESET, NONE -> EndedBy.RESET;
    };
  }

  long id() {
    return id;
  }

  /** Where the user comes from. */
  InetAddress host() {
    return user.remote().getAddress();
  }

  String address() {
    return address;
  }

  Traffic traffic() {
    return traffic;
  }

  Instant connectedAt() {
    return connectedAt;
  }
}
