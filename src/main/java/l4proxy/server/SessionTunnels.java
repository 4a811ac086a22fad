package l4proxy.server;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import l4proxy.net.Connection;
import l4proxy.wire.FrameType;
import l4proxy.wire.Message;
import l4proxy.wire.ProtocolException;
import l4proxy.wire.Tunnel;
import l4proxy.wire.TunnelState;
import org.jspecify.annotations.Nullable;

/**
 * The tunnels of one session: idle ones, a pool for each kind, and those in use. The client is
 * asked for more by its control connection, a ticket each. Any thread may call it.
 */
final class SessionTunnels {
  private final ClientSession session;
  private final Shared shared;
  private final Map<TunnelKind, TunnelPool> pools = new ConcurrentHashMap<>();

  /** How the tunnels of each service come, by the client's number for it. */
  private final Map<Integer, TunnelKind> wanted = new ConcurrentHashMap<>();

  private final Map<Tunnel, TunnelPool> inUse = new ConcurrentHashMap<>();
  private volatile boolean takenOver;

  SessionTunnels(ClientSession session, Shared shared) {
    this.session = session;
    this.shared = shared;
  }

  /** A service may have users from now on. */
  void begin(int number, TunnelKind kind) {
    wanted.put(number, kind);
    want(kind);
  }

  /** A service has none any more. */
  void end(int number) {
    wanted.remove(number);
  }

  /** Once a second: idle tunnels are tested, asked for and closed. */
  void keep() {
    shared.tickets().sweep();
    pools.forEach(this::keep);
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
    for (int left = count; left > 0; left -= Message.Tunnels.MOST) {
      ask(kind, pool, Math.min(left, Message.Tunnels.MOST));
    }
  }

  private void ask(TunnelKind kind, TunnelPool pool, int count) {
    int issued = 0;
    try {
      List<String> tickets = new ArrayList<>(count);
      for (; issued < count; issued++) {
        tickets.add(shared.tickets().issue(session, kind, pool));
      }
      session.send(new Message.Tunnels(kind.plain(), kind.port(), tickets));
    } catch (OutOfMemoryError e) {
      pool.expired(count - issued); // what was issued counts until it is too old
    }
  }

  private TunnelPool pool(TunnelKind kind) {
    TunnelPool there = pools.get(kind);
    TunnelPool pool = there == null ? made(kind) : there;
    if (session.over()) {
      pool.close();
    } else if (session.draining()) {
      drain(pool);
    }
    return pool;
  }

  private TunnelPool made(TunnelKind kind) {
    synchronized (pools) { // so that no takeover begins or fails unheard
      TunnelPool pool =
          pools.computeIfAbsent(
              kind, k -> new TunnelPool(count -> ask(kind, count), System::nanoTime));
      pool.last(takenOver);
      return pool;
    }
  }

  /** A tunnel arrived with a ticket of this session's. */
  void arrived(Connection carrier, TunnelPool pool) {
    if (session.over()) {
      carrier.close();
      return;
    }
    Tunnel tunnel;
    try {
      tunnel = new Tunnel(carrier, TunnelState.Side.SERVER, shared.watch());
    } catch (OutOfMemoryError e) {
      pool.expired(1);
      throw e;
    }
    pool.add(tunnel);
  }

  /**
   * Takes a tunnel for a user.
   *
   * @param time so long it may take, and longer where others are given some, or no more arrive
   * @param alone whether the user has no other member to go to
   * @return null when none came in time, or none will
   */
  @Nullable Tunnel take(TunnelKind kind, Duration time, boolean alone) throws InterruptedException {
    TunnelPool pool = pool(kind);
    Tunnel tunnel = pool.take(time, alone);
    if (tunnel != null) {
      inUse.put(tunnel, pool);
      if (session.over()) {
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

  /** Has as many of a kind wait as users are expected at once. */
  void want(TunnelKind kind) {
    int users =
        services()
            .filter(service -> service.tunnels().equals(kind))
            .mapToInt(Service::expected)
            .sum();
    pool(kind).want(users);
  }

  private Stream<Service> services() {
    return shared.services().all().stream().filter(service -> service.session() == session);
  }

  /** Whether they do. */
  boolean areFilled(TunnelKind kind) {
    TunnelPool pool = pools.get(kind);
    return pool != null && pool.isFilled();
  }

  /** Has the client open tunnels now that cannot be had later. */
  void fill() {
    services().map(Service::tunnels).distinct().forEach(kind -> pool(kind).fill());
  }

  /** Waits for that, until System.nanoTime is there at the latest. */
  void awaitFilled(long end) throws InterruptedException {
    for (TunnelPool each : pools.values()) {
      each.awaitFilled(end);
    }
  }

  /** Another process takes the server over, where no more arrive; or it does not. */
  void takenOver(boolean is) {
    synchronized (pools) {
      takenOver = is;
      pools.values().forEach(pool -> pool.last(is));
    }
    if (!is) {
      pools.keySet().forEach(this::want); // what was in stock for the takeover is too much
    }
  }

  /**
   * The client leaves: closes the idle ones, and each of the others when it is idle. Who waits for
   * one goes to another member, or waits for the next process of the client; where that does not
   * come any more, for one of those in use, if there is no other member.
   */
  void drain() {
    pools.values().forEach(this::drain);
  }

  private void drain(TunnelPool pool) {
    if (takenOver) {
      pool.leave();
    } else {
      pool.close();
    }
  }

  /** The control connection is lost: those in use are tested, and go on. */
  void lost() {
    pools.values().forEach(TunnelPool::close);
    inUse.keySet().forEach(Tunnel::sessionLost);
  }

  /** Breaks those in use. */
  void abort() {
    inUse.keySet().forEach(Tunnel::abort);
  }

  /** How many of all kinds wait for a user. */
  int idle() {
    return pools.values().stream().mapToInt(TunnelPool::idle).sum();
  }

  /** How many of all kinds carry a user. */
  int used() {
    return inUse.size();
  }
}
