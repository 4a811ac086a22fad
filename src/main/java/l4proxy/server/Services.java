package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Stream;
import l4proxy.auth.Key;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.HostPort;
import l4proxy.net.Watch;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * Which service has which public port, and for how long.
 *
 * <p>A client that comes back, known by its key and instance, finds its service as it was: the
 * listener is never closed for it. A service without a client is kept for its lease, 60 s, then its
 * port is closed. Changes are made under one lock, which is never held while a client is asked
 * something; any thread may look.
 */
final class Services implements Watch.Watched, AutoCloseable {
  private static final Duration LEASE = Duration.ofSeconds(60);

  private final ServerConfig config;
  private final Ports ports;
  private final Leases leases;
  private final Events events;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Integer, Service> byPort = new ConcurrentHashMap<>();
  private final Set<Service> retired = ConcurrentHashMap.newKeySet();

  Services(ServerConfig config, Ports ports, Leases leases, Events events) {
    this.config = config;
    this.ports = ports;
    this.leases = leases;
    this.events = events;
  }

  /**
   * Opens the ports whose leases last over a restart of the server, so that users are held until
   * their clients are back.
   *
   * @param known whether there still is a key of that name
   */
  void restore(Predicate<String> known) {
    long now = System.currentTimeMillis();
    for (Lease lease : leases.all()) {
      boolean lasts = lease.held() || now - lease.goneAt() < LEASE.toMillis();
      if (lasts
          && known.test(lease.key())
          && ports.allowed().contains(lease.port())
          && !byPort.containsKey(lease.port())) {
        restore(lease, now);
      }
    }
  }

  private void restore(Lease lease, long now) {
    try {
      Message.Expose asked =
          new Message.Expose(
              0, lease.displayName(), lease.backend(), lease.instance(), lease.port(), 0, false);
      open(ports.bind(lease.port()), lease.key(), asked, lease.drawn(), lease.host());
      leases.keep(lease.gone(now));
    } catch (IOException | IllegalArgumentException e) {
      events.happened(
          new Event.Warned(
              "port " + lease.port() + " is not kept for its client: " + e.getMessage()));
    }
  }

  /** What is held while a change is decided and made. */
  ReentrantLock lock() {
    return lock;
  }

  /** The service of a public port. */
  @Nullable Service at(int port) {
    return byPort.get(port);
  }

  /** Puts a new service on a port that was just bound. Under the lock, as all that follows. */
  Service open(ServerSocket listener, ClientSession session, Message.Expose asked, boolean drawn) {
    Service service = open(listener, session.key().name(), asked, drawn, "");
    attach(service, session, asked);
    return service;
  }

  private Service open(
      ServerSocket listener, String key, Message.Expose asked, boolean drawn, String host) {
    PublicPort port = new PublicPort(listener, events);
    Service service = new Service(key, asked, port, drawn, host);
    port.member(service);
    byPort.put(port.number(), service);
    return service;
  }

  /** Another client of the same key takes an abandoned service's port; the listener stays open. */
  Service succeed(Service holder, ClientSession session, Message.Expose asked) {
    Service service = new Service(holder.key(), asked, holder.port(), false, "");
    holder.port().member(service);
    byPort.put(holder.port().number(), service);
    attach(service, session, asked);
    return service;
  }

  /** A client serves it from now on. */
  void attach(Service service, ClientSession session, Message.Expose asked) {
    service.attach(session, asked, config.host().orElseGet(session::dialled));
    leases.keep(service.lease(true, 0));
    String address = new HostPort(service.host(), service.port().number()).toString();
    events.happened(new Event.ServiceExposed(service.name(), session.client(), address));
  }

  /** A session is gone, or drains: its services wait for it to come back. */
  void lost(ClientSession session) {
    lock.lock();
    try {
      for (Service service : byPort.values()) {
        if (service.detach(session)) {
          leases.keep(service.lease(false, System.currentTimeMillis()));
        }
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void tick() {
    for (Service service : byPort.values()) {
      service.traffic().tick();
      if (service.awayFor().compareTo(LEASE) > 0) {
        Thread.ofVirtual().name("lease " + service.name()).start(() -> expire(service));
      }
    }
  }

  private void expire(Service service) {
    lock.lock();
    try {
      if (byPort.get(service.port().number()) == service
          && service.awayFor().compareTo(LEASE) > 0) {
        retire(service, "its client did not come back within " + LEASE.toSeconds() + " s");
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Closes a service's port; users on tunnels that work go on, a draining client's say. Under the
   * lock.
   */
  void retire(Service service, String reason) {
    if (byPort.remove(service.port().number(), service)) {
      retired.add(service);
      service.port().retire(() -> retired.remove(service));
      events.happened(new Event.ServiceEnded(service.name(), reason));
    }
  }

  /** Those with a public port, and those whose last users have not gone yet. */
  private Stream<Service> everyone() {
    return Stream.concat(byPort.values().stream(), retired.stream());
  }

  /** A key is not good any more: so are its services. */
  void revoked(Key key) {
    lock.lock();
    try {
      List<Service> all = everyone().filter(s -> s.key().equals(key.name())).toList();
      for (Service service : all) {
        retire(service, "key " + key.name() + " was revoked");
        service.port().endUsers(EndedBy.CLOSED);
      }
    } finally {
      lock.unlock();
    }
  }

  /** All services, those waiting for their client too. */
  Collection<Service> all() {
    return byPort.values();
  }

  /** How many users there are. */
  int users() {
    return everyone().mapToInt(s -> s.port().users().size()).sum();
  }

  /** Takes no new users. */
  void stop() {
    byPort.values().forEach(service -> service.port().stop());
  }

  @Override
  public void close() {
    stop();
    for (Service service : everyone().toList()) {
      service.port().endUsers(EndedBy.SHUTDOWN);
      service.port().close();
    }
  }
}
