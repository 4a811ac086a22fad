package l4proxy.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import l4proxy.auth.Key;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.Sockets;
import l4proxy.net.Watch;
import l4proxy.wire.ControlLink;
import l4proxy.wire.FrameType;
import l4proxy.wire.Message;
import l4proxy.wire.ProtocolException;
import l4proxy.wire.Tunnel;
import l4proxy.wire.TunnelState;
import org.jspecify.annotations.Nullable;

/**
 * One client: its control connection, its services, its tunnels.
 *
 * <p>The control connection's own thread runs {@link #run()}, which reads messages until the
 * connection is lost; a keeper thread looks after idle tunnels once a second. When the control
 * connection is lost idle tunnels are closed; those in use are tested and go on, and services wait
 * for the client to come back. Everything else may be called from any thread.
 */
final class ClientSession {
  private static final long KEEP_MILLIS = 1000;

  private final Key key;
  private final Message.Control hello;
  private final Connection connection;
  private final ControlLink link;
  private final Shared shared;
  private final Services services;
  private final Exposures exposures;
  private final Tickets tickets;
  private final String id;
  private final Watch watch;
  private final Map<TunnelKind, TunnelPool> pools = new ConcurrentHashMap<>();

  /** How the tunnels of each service come, by the client's number for it. */
  private final Map<Integer, TunnelKind> wanted = new ConcurrentHashMap<>();

  private final Map<Tunnel, TunnelPool> inUse = new ConcurrentHashMap<>();
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean draining;
  private volatile boolean takenOver;
  private volatile boolean connectsAnew;
  private volatile String endReason = "";

  /**
   * A control connection that proved its key.
   *
   * @param key what it proved
   * @param hello its first message
   * @param connection closed by the session
   * @param services where its services go
   * @param tickets where tunnels are announced
   * @param watch keeps time limits
   */
  ClientSession(Key key, Message.Control hello, Connection connection, Shared shared) {
    this.key = key;
    this.hello = hello;
    this.connection = connection;
    this.shared = shared;
    this.services = shared.services();
    this.exposures = shared.exposures();
    this.tickets = shared.tickets();
    this.id = tickets.draw();
    this.watch = shared.watch();
    this.link = new ControlLink("client " + client(), connection, watch);
  }

  /** Reads what the client says until it is gone; returns why. */
  String run(String version) {
    Thread keeper = Thread.ofVirtual().name("client " + client() + " keeper").start(this::keep);
    try {
      link.send(new Message.Welcome(version, id));
      link.ask();
      while (true) {
        switch (link.read()) {
          case Message.Expose asked -> expose(asked);
          case Message.Withdraw gone -> {
            services.withdraw(this, gone.service());
            wanted.remove(gone.service());
          }
          case Message.Health health ->
              services.of(this, health.service()).ifPresent(s -> s.standing().checked(health.up()));
          case Message.Draining leaving -> drain();
          case Message.TakenOver _ -> connectsAnew = true;
          case Message other -> throw new ProtocolException("a message out of place: " + other);
        }
      }
    } catch (IOException gone) {
      return endReason.isEmpty() ? String.valueOf(gone.getMessage()) : endReason;
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
      return "the server stops";
    } finally {
      over.countDown();
      keeper.interrupt();
      lost();
    }
  }

  private void expose(Message.Expose asked) throws InterruptedException {
    Message answer = exposures.expose(this, asked);
    if (!(answer instanceof Message.Exposed relay)) {
      link.send(answer);
      return;
    }
    if (asked.backendPort() == 0) {
      link.send(answer);
    } else {
      shared.direct().start(new DirectAddress(this, asked, relay, shared));
    }
    services
        .of(this, asked.service())
        .ifPresent(service -> {
          wanted.put(asked.service(), service.tunnels());
          want(service.tunnels());
        });
  }

  private void lost() {
    services.lost(this);
    pools.values().forEach(TunnelPool::close);
    inUse.keySet().forEach(Tunnel::sessionLost);
    link.close();
  }

  private void keep() {
    try {
      while (!over.await(KEEP_MILLIS, TimeUnit.MILLISECONDS)) {
        tickets.sweep();
        pools.forEach(this::keep);
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private void keep(TunnelKind kind, TunnelPool pool) {
    if (wanted.containsValue(kind) || !pool.retire()) {
      pool.keep();
    } else {
      pools.remove(kind, pool);
    }
  }

  private void ask(TunnelKind kind, int count) {
    TunnelPool pool = pools.get(kind);
    if (pool == null) {
      return; // retired meanwhile
    }
    if (takenOver) {
      pool.expired(count);
      return;
    }
    for (int left = count; left > 0; left -= Message.Tunnels.MOST) {
      List<String> made = new ArrayList<>();
      for (int i = 0; i < Math.min(left, Message.Tunnels.MOST); i++) {
        made.add(tickets.issue(this, kind, pool));
      }
      link.send(new Message.Tunnels(kind.plain(), kind.port(), made));
    }
  }

  /**
   * The client takes no new users. Its tunnels are closed, each when it is idle: so it knows by
   * their end that no user is on the way to it any more.
   */
  private void drain() {
    draining = true;
    services.lost(this);
    pools.values().forEach(TunnelPool::close);
  }

  private TunnelPool pool(TunnelKind kind) {
    TunnelPool pool = pools.computeIfAbsent(kind, k -> new TunnelPool(count -> ask(kind, count)));
    if (draining || over()) {
      pool.close();
    }
    return pool;
  }

  /** A tunnel arrived with a ticket of this session's. */
  void arrived(Connection carrier, TunnelPool pool) {
    if (over()) {
      carrier.close();
      return;
    }
    pool.add(new Tunnel(carrier, TunnelState.Side.SERVER, watch));
  }

  /** Takes a tunnel for a user; null when none came in time. */
  @Nullable Tunnel take(TunnelKind kind, Duration time) throws InterruptedException {
    TunnelPool pool = pool(kind);
    Tunnel tunnel = pool.take(time);
    if (tunnel != null) {
      inUse.put(tunnel, pool);
      if (over()) {
        tunnel.sessionLost();
      }
    }
    return tunnel;
  }

  /** A tunnel whose opening is over: idle again. */
  void back(Tunnel tunnel) {
    TunnelPool from = inUse.remove(tunnel);
    if (from != null) {
      from.back(tunnel);
    }
  }

  /** A tunnel that is no good any more. */
  void drop(Tunnel tunnel) {
    tunnel.abort();
    TunnelPool from = inUse.remove(tunnel);
    if (from != null) {
      from.drop();
    }
  }

  /**
   * Brings a refused opening to its end, on a thread of its own, while the user goes on to the next
   * member.
   */
  void settle(Tunnel tunnel) {
    Thread.ofVirtual()
        .name("tunnel settle")
        .start(() -> {
          try {
            tunnel.reset("refused");
            if (tunnel.receive() != FrameType.DONE) {
              throw new ProtocolException("a frame instead of DONE");
            }
            back(tunnel);
          } catch (IOException broken) {
            drop(tunnel);
          }
        });
  }

  /** Whether the client gives a sign of life within the time. */
  boolean probe(Duration time) throws InterruptedException {
    long asked = System.nanoTime();
    link.ask();
    while (link.lastRead() - asked < 0 && System.nanoTime() - asked < time.toNanos()) {
      if (over.await(20, TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return link.lastRead() - asked >= 0;
  }

  /** Tells the client something. */
  void send(Message message) {
    link.send(message);
  }

  /** Ends the control connection; users go on. */
  void close(String reason) {
    endReason = reason;
    connection.close();
  }

  /** Ends the control connection and every tunnel: the key is not good any more. */
  void revoke(String reason) {
    close(reason);
    inUse.keySet().forEach(Tunnel::abort);
  }

  /** Waits for the end of the control connection; false when it did not come in time. */
  boolean isOverWithin(Duration time) throws InterruptedException {
    return over.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** What its tunnels name. */
  boolean isNamed(String session) {
    return id.equals(session);
  }

  Key key() {
    return key;
  }

  /** Whether the control connection is gone. */
  boolean over() {
    return over.getCount() == 0;
  }

  boolean draining() {
    return draining;
  }

  /** Where the control connection comes from. */
  InetSocketAddress remote() {
    return connection.remote();
  }

  String client() {
    return Sockets.text(connection.remote());
  }

  String version() {
    return hello.version();
  }

  /** 128 random bits of the client's process. */
  String process() {
    return hello.process();
  }

  /**
   * Host of its public addresses when the server was not given one: what the client dialled, if it
   * is a name or address.
   */
  String dialled() {
    try {
      return HostPort.parse(hello.dialled(), 1).host();
    } catch (IllegalArgumentException notAName) {
      return Sockets.text(connection.local().getAddress());
    }
  }

  long roundTripNanos() {
    return link.roundTripNanos();
  }

  /** Somebody ended one of its services: the client is told. */
  void ended(int service) {
    wanted.remove(service);
    link.send(new Message.Ended(service));
  }

  /** Has the client open tunnels now that cannot be had later. */
  void fill() {
    services.all().stream()
        .filter(service -> service.session() == this)
        .map(Service::tunnels)
        .distinct()
        .forEach(kind -> pool(kind).fill());
  }

  /** Waits for that, until System.nanoTime is there at the latest. */
  void awaitFilled(long end) throws InterruptedException {
    for (TunnelPool each : pools.values()) {
      each.awaitFilled(end);
    }
  }

  /** Another process takes the server over, where no more tunnels arrive; or it does not. */
  void takenOver(boolean is) {
    takenOver = is;
    if (is) {
      link.send(new Message.TakenOver());
    } else {
      pools.values().forEach(TunnelPool::keep);
    }
  }

  /** Whether the client connects to the other process without being disconnected here. */
  boolean connectsAnew() {
    return connectsAnew;
  }

  /** Has as many tunnels of a kind wait as users are expected at once. */
  void want(TunnelKind kind) {
    int users =
        services.all().stream()
            .filter(service -> service.session() == this && service.tunnels().equals(kind))
            .mapToInt(Service::expected)
            .sum();
    pool(kind).want(users);
  }

  /** Whether it does. */
  boolean isFilled(TunnelKind kind) {
    TunnelPool pool = pools.get(kind);
    return pool != null && pool.isFilled();
  }

  /** Tunnels of all kinds that wait for a user. */
  int idleTunnels() {
    return pools.values().stream().mapToInt(TunnelPool::idle).sum();
  }

  /** Tunnels of all kinds that carry a user. */
  int tunnelsInUse() {
    return inUse.size();
  }
}
