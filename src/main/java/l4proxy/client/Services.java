package l4proxy.client;

import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import l4proxy.net.Traffic;
import l4proxy.wire.Tunnel;
import org.jspecify.annotations.Nullable;

/** What this client serves, and which tunnels have a user on them. Any thread. */
final class Services {
  private final Map<Integer, Service> configured = new ConcurrentSkipListMap<>();

  /** What the server is asked for in the place of the configured one of that number. */
  private final Map<Integer, Service> proposed = new ConcurrentHashMap<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Tunnel> all = ConcurrentHashMap.newKeySet();
  private final Set<Tunnel> busy = ConcurrentHashMap.newKeySet();
  private final Traffic traffic = new Traffic();
  private final @Nullable InProcessProxy inProcess;

  /**
   * None yet.
   *
   * @param inProcess what users are connected to instead of the backends
   */
  Services(@Nullable InProcessProxy inProcess) {
    this.inProcess = inProcess;
  }

  /**
   * What is held while services change, and while what is to be exposed is told to the server: it
   * hears of each the latest last.
   */
  ReentrantLock lock() {
    return lock;
  }

  /** Adds a service, or puts it in the place of the one of its number. */
  void add(Service service) {
    configured.put(service.number(), service);
  }

  /** The server is asked for a service in the place of the one of its number. */
  void propose(Service changed) {
    proposed.put(changed.number(), changed);
  }

  /** What is proposed for that number is not any more; null when nothing was. */
  @Nullable Service settle(int number) {
    return proposed.remove(number);
  }

  /** What the server is to be asked for by that number; null when there is none. */
  @Nullable Service latest(int number) {
    Service changed = proposed.get(number);
    return changed == null ? configured.get(number) : changed;
  }

  /** The service is not to be exposed any more; what it was, if it was one. */
  @Nullable Service remove(int number) {
    proposed.remove(number);
    return configured.remove(number);
  }

  /**
   * The service that a user is for; only backends of those that are configured are ever dialled.
   */
  Service wanted(int number) throws IOException {
    Service service = configured.get(number);
    if (service == null) {
      throw new IOException("this client has no service " + number);
    }
    return service;
  }

  /** What users are connected to instead of the backends; null: to the backends. */
  @Nullable InProcessProxy inProcess() {
    return inProcess;
  }

  /** By their numbers' order. */
  Collection<Service> configured() {
    return configured.values();
  }

  /** The service of that number; null when there is none, any more perhaps. */
  @Nullable Service configured(int number) {
    return configured.get(number);
  }

  /** Whether a service asked for its tunnels to go to that port of the server's, or to any. */
  boolean tunnelsMayGoTo(int port) {
    return known()
        .flatMap(service -> service.config().internalPort().stream())
        .anyMatch(asked -> asked == 0 || asked == port);
  }

  /** Whether a service is to have unencrypted tunnels. */
  boolean tunnelsMayBePlain() {
    return known().anyMatch(service -> service.config().plainTunnels());
  }

  private Stream<Service> known() {
    return Stream.concat(configured.values().stream(), proposed.values().stream());
  }

  void opened(Tunnel tunnel) {
    all.add(tunnel);
  }

  void closed(Tunnel tunnel) {
    all.remove(tunnel);
  }

  /** A tunnel has a user; whether it had none. */
  boolean busy(Tunnel tunnel) {
    return busy.add(tunnel);
  }

  /** A tunnel has no user; whether it had one. */
  boolean idle(Tunnel tunnel) {
    return busy.remove(tunnel);
  }

  /** How many users are on now. */
  int users() {
    return (int) busy.stream().filter(tunnel -> !tunnel.state().idle()).count();
  }

  /** What all users together send and get. */
  Traffic traffic() {
    return traffic;
  }

  /** How many tunnels there are, with or without a user. */
  int tunnels() {
    return all.size();
  }

  /** The control connection is lost: its idle tunnels are of no use, the others are tested. */
  static void sessionLost(Set<Tunnel> tunnels) {
    for (Tunnel tunnel : tunnels) {
      if (tunnel.state().idle()) {
        tunnel.close();
      } else {
        tunnel.sessionLost();
      }
    }
  }
}
