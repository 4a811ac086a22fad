package l4proxy.server;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import l4proxy.events.EndedBy;
import l4proxy.net.HostPort;
import l4proxy.net.Traffic;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * A service as the server knows it: one client's exposure of one backend on one public port. It
 * outlives the client's control connection by its lease, so that the client finds it as it was.
 * {@link Services} changes it; any thread reads it.
 */
final class Service {
  private final String name;
  private final String key;
  private final String instance;
  private final Traffic traffic = new Traffic();
  private final Standing standing = new Standing();
  private final Map<Long, UserConnection> users = new ConcurrentHashMap<>();
  private final PublicPort port;
  private volatile Message.Expose asked;
  private volatile boolean drawn;
  private volatile String host;
  private volatile long awaySince = System.nanoTime();
  private volatile @Nullable ClientSession session;
  private volatile @Nullable ClientSession leaving;
  private volatile Instant connectedAt = Instant.now();
  private volatile boolean awaited;
  private volatile int expected;
  private volatile String process = "";
  private volatile @Nullable HostPort direct;
  private volatile @Nullable InternalPort internal;

  /** What it has earned of the next turn: {@link Members}, under the lock of its port. */
  private long credit;

  Service(String key, Message.Expose asked, PublicPort port, boolean drawn, String host) {
    this.name = name(key, asked.instance());
    this.key = key;
    this.instance = asked.instance();
    this.asked = asked;
    this.port = port;
    this.drawn = drawn;
    this.host = host;
  }

  /** The same client gets the same name each time it comes back, without anything to remember. */
  private static String name(String key, String instance) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest((key + "\n" + instance).getBytes(StandardCharsets.UTF_8));
      return "c" + Base64.getUrlEncoder().withoutPadding().encodeToString(hash).substring(0, 11);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** A client serves it from now on. */
  void attach(Exposure exposure, String shownHost) {
    ClientSession next = exposure.session();
    asked = exposure.asked();
    internal = exposure.internal();
    host = shownHost;
    standing.reset(next.process().equals(process));
    process = next.process();
    direct = null; // until it answers again
    session = next;
    awaited = false; // if it goes again, users wait for it here
    leaving = null;
    connectedAt = Instant.now();
    port.memberChanged();
  }

  /** Its client is gone, if it still was this one. */
  boolean detach(ClientSession gone) {
    if (session != gone) {
      return false;
    }
    awaySince = System.nanoTime();
    leaving = gone.draining() ? gone : null;
    session = null;
    port.memberChanged();
    return true;
  }

  /** Whether its client is there for new users. */
  boolean reachable() {
    ClientSession now = session;
    return now != null && !now.over() && !now.draining();
  }

  /** How long its client has been away; zero while it is there. */
  Duration awayFor() {
    return session == null ? Duration.ofNanos(System.nanoTime() - awaySince) : Duration.ZERO;
  }

  /** Its port stays, and is asked for by number from now on, or as any. */
  void drawn(boolean now) {
    drawn = now;
  }

  /** What is to be remembered of it. */
  Lease lease(boolean held, long goneAt) {
    return new Lease(
        port.number(),
        key,
        instance,
        drawn,
        asked.name(),
        asked.backend(),
        host,
        asked.sharing(),
        held,
        goneAt);
  }

  /** A user is given to it. */
  void joined(UserConnection user) {
    users.put(user.id(), user);
  }

  /** A user is not its any more. */
  void left(UserConnection user) {
    users.remove(user.id());
  }

  /** Its users, by number. */
  Map<Long, UserConnection> users() {
    return users;
  }

  /** Ends every user's connection. */
  void endUsers(EndedBy reason) {
    users.values().forEach(user -> user.end(reason));
  }

  /** Whether it is fit to be given users. */
  Standing standing() {
    return standing;
  }

  long earn(long more) {
    credit += more;
    return credit;
  }

  long credit() {
    return credit;
  }

  /** Whether the server chose its port. */
  boolean drawn() {
    return drawn;
  }

  /** Who serves it now; null while its client is away. */
  @Nullable ClientSession session() {
    return session;
  }

  /**
   * Who serves it now, or lets the users it has finish and takes no new ones; null while its client
   * is away.
   */
  @Nullable ClientSession present() {
    ClientSession serving = session;
    ClientSession last = leaving;
    return serving != null || last == null || last.over() ? serving : last;
  }

  /** What the client asked for. */
  Message.Expose asked() {
    return asked;
  }

  String name() {
    return name;
  }

  String key() {
    return key;
  }

  String instance() {
    return instance;
  }

  /** The client's process that exposed it last. */
  String process() {
    return process;
  }

  PublicPort port() {
    return port;
  }

  Traffic traffic() {
    return traffic;
  }

  Instant connectedAt() {
    return connectedAt;
  }

  /** Whether its client is there with tunnels enough for a start, or is not waited for. */
  boolean isReady() {
    ClientSession serving = session;
    return serving == null ? !awaited : serving.tunnels().areFilled(tunnels());
  }

  /**
   * Its client, connected to a server that is taken over, is on its way here.
   *
   * @param users it has there
   */
  void await(int users) {
    awaited = true;
    expected = users;
  }

  /** As many users are to be expected at once. */
  int expected() {
    return expected;
  }

  /** From now on its users come here. */
  void arrived() {
    expected = 0;
    ClientSession serving = session;
    if (serving != null) {
      serving.tunnels().want(tunnels());
    }
  }

  /** Where its tunnels arrive; null for the control port. */
  @Nullable InternalPort internal() {
    return internal;
  }

  /** How its tunnels come. */
  TunnelKind tunnels() {
    InternalPort own = internal;
    return new TunnelKind(asked.plainTunnels(), own == null ? 0 : own.number());
  }

  /** The backend answers at an address of its own, or not any more. */
  void direct(@Nullable HostPort address) {
    direct = address;
  }

  /** Where users reach the backend without the relay, if they can. */
  Optional<HostPort> direct() {
    return Optional.ofNullable(direct);
  }

  /** Host of the public address, as its client sees the server. */
  String host() {
    return host;
  }
}
