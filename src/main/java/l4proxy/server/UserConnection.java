package l4proxy.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.net.Connection;
import l4proxy.net.Relay;
import l4proxy.net.Sockets;
import l4proxy.net.Traffic;
import l4proxy.wire.FrameType;
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
  private final long id;
  private final PublicPort port;
  private final Connection user;
  private final String address;
  private final Traffic traffic = new Traffic();
  private final FirstBytes first;
  private final UserTunnel tunnel;
  private final Instant connectedAt = Instant.now();
  private final long started = System.nanoTime();
  private volatile @Nullable Opening opening;
  private volatile @Nullable EndedBy closedBy;
  private boolean done;
  private long dialNanos = -1;

  UserConnection(long id, PublicPort port, Connection user) {
    this.id = id;
    this.port = port;
    this.user = user;
    this.address = Sockets.text(user.remote());
    this.first = new FirstBytes(user);
    this.tunnel = new UserTunnel(this, port, first);
  }

  /** Serves the user to the end. */
  void run() throws IOException, InterruptedException {
    boolean served = false;
    try {
      first.peek();
      if (tunnel.open()) {
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
    Tunnel connected = tunnel.connected();
    while (connected == null) {
      if (!tunnel.open()) {
        giveUp();
        return;
      }
      connected = tunnel.connected();
    }
    Opening joined = joined(connected);
    FrameType last = joined.receive();
    if (last != FrameType.DONE) {
      throw new ProtocolException("a frame " + last + " instead of DONE");
    }
    done = true;
  }

  private Opening joined(Tunnel connected) {
    Opening joined = new Opening(connected, user, this::countIn, this::countOut, () -> {});
    opening = joined;
    dialNanos = System.nanoTime() - started;
    port.events().happened(new Event.UserServed(id, address, tunnel.servedBy(), dial()));
    countIn(first.opened());
    return joined;
  }

  private void countIn(long bytes) {
    traffic.countIn(bytes);
    Objects.requireNonNull(tunnel.member()).traffic().countIn(bytes);
    port.traffic().countIn(bytes);
  }

  private void countOut(long bytes) {
    traffic.countOut(bytes);
    Objects.requireNonNull(tunnel.member()).traffic().countOut(bytes);
    port.traffic().countOut(bytes);
  }

  /** Half closed and silent for too long. */
  void silent() {
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
    if (opening != null) {
      tunnel.reset("ended by the server: " + reason);
    }
    return isFirst;
  }

  private void abort() {
    first.over();
    user.abort();
    tunnel.abort();
  }

  private void finish() {
    try {
      tunnel.giveBack(done);
    } finally { // also when there is no memory for that: nobody is counted for ever
      user.close();
      Service served = tunnel.member();
      if (served != null) {
        served.left(this);
      }
      port.ended(this);
    }
    port.events().happened(over());
  }

  private Event over() {
    return new Event.UserEnded(
        id,
        address,
        tunnel.servedBy(),
        endedBy(),
        traffic.in(),
        traffic.out(),
        Duration.ofNanos(System.nanoTime() - started),
        dial(),
        tunnel.retries());
  }

  private Optional<Duration> dial() {
    return dialNanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(dialNanos));
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

  /** Where the user came in. */
  InetSocketAddress local() {
    return user.local();
  }

  /** Whether the server ends it, or has. */
  boolean isEnded() {
    return closedBy != null;
  }

  Traffic traffic() {
    return traffic;
  }

  Instant connectedAt() {
    return connectedAt;
  }
}
