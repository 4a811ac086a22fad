package l4proxy.server;

import java.net.ServerSocket;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import l4proxy.auth.Key;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.AcceptLoop;
import l4proxy.net.HostPort;
import l4proxy.net.Traffic;
import l4proxy.net.Watch;
import org.jspecify.annotations.Nullable;

/**
 * Which services have which public port, and for how long.
 *
 * <p>A client that comes back, known by its key and instance, finds its service as it was: the
 * listener is never closed for it. A service without a client is kept for its lease, 60 s; with the
 * last service of a port the port is closed. Changes are made under one lock, which is never held
 * while a client is asked something; any thread may look.
 */
final class Services implements Watch.Watched, AutoCloseable {
  private final ServerConfig config;
  private final InternalPorts internals;
  private final Leases leases;
  private final Rates rates;
  private final Admission admission;
  private final Events events;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Integer, PublicPort> ports = new ConcurrentHashMap<>();

  /** Not exposed any more, but with users who may finish. */
  private final Set<Service> retired = ConcurrentHashMap.newKeySet();

  private final Traffic traffic = new Traffic();
  private final Set<PublicPort> closing = ConcurrentHashMap.newKeySet();

  private volatile boolean stopped;
  private volatile boolean handedOver;
  private volatile boolean offered;

  Services(
      ServerConfig config, InternalPorts internals, Leases leases, Rates rates, Events events) {
    this.config = config;
    this.internals = internals;
    this.leases = leases;
    this.rates = rates;
    this.admission = new Admission(config.limits(), events, System::nanoTime);
    this.events = events;
  }

  /** How many users each public port has, those without any left out. */
  Map<Integer, Integer> usersByPort() {
    Map<Integer, Integer> all = new HashMap<>();
    ports.forEach((number, port) -> {
      if (!port.users().isEmpty()) {
        all.put(number, port.users().size());
      }
    });
    return all;
  }

  /** Whether users may be waiting for a client that was there a moment ago. */
  boolean areAwaited() {
    return all().stream()
        .anyMatch(s -> s.session() == null && s.awayFor().compareTo(UserTunnel.PATIENCE) < 0);
  }

  /** The listeners of all public ports. */
  List<AcceptLoop> listeners() {
    return ports.values().stream().flatMap(port -> port.listener().stream()).toList();
  }

  /** Takes no new services: another process does. Or it does not. The users there are go on. */
  void handOver(boolean is) {
    handedOver = is;
  }

  /**
   * What there is, is known to another process that takes this server over, and what is new would
   * not be. Or it is over.
   */
  void offered(boolean is) {
    lock.lock(); // whoever just got a port has it in the map behind this
    try {
      offered = is;
    } finally {
      lock.unlock();
    }
  }

  /** Whether no port may be opened, or service ended for good, here, though it may be elsewhere. */
  boolean isOffered() {
    return offered;
  }

  /** Ends the users of a service that another process has ended. */
  void endUsers(String name) {
    Stream.concat(all().stream(), retired.stream())
        .filter(service -> service.name().equals(name))
        .forEach(service -> service.endUsers(EndedBy.CLOSED));
  }

  /** What is held while a change is decided and made. */
  ReentrantLock lock() {
    return lock;
  }

  /** Who has a public port of clients'. */
  @Nullable PublicPort at(int port) {
    return ports.get(port);
  }

  /** Makes a public port of one that was just bound. Under the lock, as all that follows. */
  PublicPort open(ServerSocket listener, String key) {
    PublicPort port = port(listener.getLocalPort(), key);
    port.listen(listener); // first: where no thread can accept, nobody is to have a service
    ports.put(port.number(), port);
    return port;
  }

  /** Makes a public port of one where another process still listens. */
  PublicPort reserve(int number, String key) {
    PublicPort port = port(number, key);
    ports.put(number, port);
    return port;
  }

  private PublicPort port(int number, String key) {
    return new PublicPort(number, admission, user -> rates.paced(key, user), traffic, events);
  }

  /** Puts one more service on a port. */
  Service join(PublicPort port, Exposure exposure, boolean drawn) {
    String key = exposure.session().key().name();
    Service service = new Service(key, exposure.asked(), port, drawn, "");
    port.join(service);
    attach(service, exposure);
    return service;
  }

  /** A client serves it from now on. */
  void attach(Service service, Exposure exposure) {
    ClientSession session = exposure.session();
    service.attach(exposure, config.host().orElseGet(session::dialled));
    leases.keep(service.lease(true, 0));
    String address = new HostPort(service.host(), service.port().number()).toString();
    events.happened(
        new Event.ServiceExposed(service.name(), service.key(), session.client(), address));
  }

  /** A session is gone, or drains: its services wait for it to come back. */
  void lost(ClientSession session) {
    lock.lock();
    try {
      for (Service service : all()) {
        if (service.detach(session)) {
          leases.keep(service.lease(false, System.currentTimeMillis()));
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** A client has no use for one of its services any more; the users it has may finish. */
  void withdraw(ClientSession session, int number) {
    lock.lock();
    try {
      of(session, number).ifPresent(service -> retire(service, "its client withdrew it"));
    } finally {
      lock.unlock();
    }
  }

  /** The service that a client means by its number. */
  Optional<Service> of(ClientSession session, int number) {
    return all().stream()
        .filter(s -> s.session() == session && s.asked().service() == number)
        .findFirst();
  }

  @Override
  public void tick() {
    traffic.tick();
    admission.tick();
    Set<ClientSession> lost = new HashSet<>();
    for (Service service : all()) {
      service.traffic().tick();
      service.users().values().forEach(user -> user.traffic().tick());
      ClientSession client = service.session();
      if (client != null && client.over()) { // it had no memory to say so
        lost.add(client);
      } else if (service.awayFor().compareTo(Lease.LENGTH) > 0) {
        Thread.ofVirtual().name("lease " + service.name()).start(() -> expire(service));
      }
    }
    retired.removeIf(service -> service.users().isEmpty());
    lost.forEach(each -> Thread.ofVirtual().name("lost session").start(() -> lost(each)));
  }

  private void expire(Service service) {
    lock.lock();
    try {
      if (service.awayFor().compareTo(Lease.LENGTH) > 0) {
        retire(service, "its client did not come back within " + Lease.LENGTH.toSeconds() + " s");
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives a service no users any more; those it has go on, a draining client's say. With the last
   * service of a port the port is closed. Under the lock.
   */
  void retire(Service service, String reason) {
    leave(service, reason);
    closeUnused();
  }

  /** The same, while an internal port is open that no service has yet. */
  void leave(Service service, String reason) {
    PublicPort port = service.port();
    if (!port.leave(service)) {
      return;
    }
    retired.add(service);
    leases.keep(service.lease(false, 0)); // the port is only preferred from now on
    if (port.members().isEmpty()) {
      ports.remove(port.number(), port);
      closing.add(port);
      port.retire(() -> closing.remove(port));
    }
    events.happened(new Event.ServiceEnded(service.name(), service.key(), reason));
  }

  /** Closes internal ports that no service has. Under the lock. */
  void closeUnused() {
    Set<InternalPort> used = new HashSet<>();
    for (Service service : all()) {
      InternalPort own = service.internal();
      if (own != null) {
        used.add(own);
      }
    }
    internals.keepOnly(used);
  }

  /** Ends a service, its users too. */
  void end(Service service, String reason) {
    lock.lock();
    try {
      retire(service, reason);
      service.endUsers(EndedBy.CLOSED);
    } finally {
      lock.unlock();
    }
  }

  /** A key is not good any more: so are its services. */
  void revoked(Key key) {
    lock.lock(); // whoever just got a port with it has it in the map behind this
    try {
      Stream.concat(all().stream(), retired.stream())
          .filter(s -> s.key().equals(key.name()))
          .forEach(service -> end(service, "key " + key.name() + " was revoked"));
    } finally {
      lock.unlock();
    }
  }

  /** All services, those waiting for their client too. */
  List<Service> all() {
    return ports.values().stream().flatMap(port -> port.members().stream()).toList();
  }

  /** The service of that name. */
  Optional<Service> named(String name) {
    return all().stream().filter(service -> service.name().equals(name)).findFirst();
  }

  private Stream<PublicPort> everyPort() {
    return Stream.concat(ports.values().stream(), closing.stream());
  }

  /** Who may be a user. */
  Admission admission() {
    return admission;
  }

  /** How many users there are. */
  int users() {
    return everyPort().mapToInt(port -> port.users().size()).sum();
  }

  /** Whether no new services are taken. */
  boolean stopped() {
    return stopped || handedOver;
  }

  /** What all users together, those gone too, carried. */
  Traffic traffic() {
    return traffic;
  }

  /** Takes no new users, and no new services. */
  void stop() {
    lock.lock(); // whoever just got a port has it in the map behind this
    try {
      stopped = true;
    } finally {
      lock.unlock();
    }
    ports.values().forEach(PublicPort::stop);
  }

  @Override
  public void close() {
    stop();
    internals.close();
    for (PublicPort port : everyPort().toList()) {
      port.endUsers(EndedBy.SHUTDOWN);
      port.close();
    }
  }
}
