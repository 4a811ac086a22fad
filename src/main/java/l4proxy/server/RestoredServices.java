package l4proxy.server;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * Public ports that last over a restart of the server, and over a takeover: users are held on them
 * until their clients are back. One thread, while the server starts.
 */
final class RestoredServices {
  private final Services services;
  private final Ports binder;
  private final Leases leases;
  private final Events events;

  /** Where the server that is taken over still listens. */
  private final Set<PublicPort> elsewhere = ConcurrentHashMap.newKeySet();

  /** None yet. */
  RestoredServices(Services services, Ports binder, Leases leases, Events events) {
    this.services = services;
    this.binder = binder;
    this.leases = leases;
    this.events = events;
  }

  /**
   * Opens the ports of the leases that last.
   *
   * @param known whether there still is a key of that name
   */
  void restore(Predicate<String> known) {
    long now = System.currentTimeMillis();
    for (Lease each : leases.all()) {
      if (each.lasts(now)
          && known.test(each.key())
          && binder.allowed().contains(each.port())
          && mayJoin(services.at(each.port()), each)) {
        restore(each, now);
      }
    }
  }

  private static boolean mayJoin(@Nullable PublicPort port, Lease lease) {
    return port == null
        || lease.sharing() != null
            && port.members().stream()
                .allMatch(m -> m.asked().sharing() != null && m.key().equals(lease.key()));
  }

  private void restore(Lease lease, long now) {
    try {
      Message.Expose asked =
          new Message.Expose(
              0,
              lease.displayName(),
              lease.backend(),
              lease.instance(),
              lease.port(),
              0,
              false,
              null,
              0,
              lease.sharing());
      PublicPort there = services.at(lease.port());
      PublicPort port = there == null ? restored(lease) : there;
      Service service = new Service(lease.key(), asked, port, lease.drawn(), lease.host());
      if (lease.held()) {
        service.await(binder.usersElsewhere(lease.port()));
      }
      port.join(service);
      leases.keep(lease.gone(now));
    } catch (IOException | IllegalArgumentException e) {
      events.happened(
          new Event.Warned(
              "port " + lease.port() + " is not kept for its client: " + e.getMessage()));
    }
  }

  private PublicPort restored(Lease lease) throws IOException {
    if (!binder.isElsewhere(lease.port())) {
      return services.open(binder.bind(lease.port()), lease.key());
    }
    PublicPort port = services.reserve(lease.port(), lease.key());
    elsewhere.add(port);
    return port;
  }

  /**
   * Listens on the ports that the server that is taken over still has.
   *
   * @param late whether also on those whose clients are awaited: else only where a client is there
   *     with tunnels, or none was
   * @return whether none is left
   */
  boolean listenInstead(boolean late) throws IOException {
    for (PublicPort port : elsewhere) {
      if (late || port.members().stream().anyMatch(Service::isReady)) {
        port.listen(binder.bind(port.number()));
        elsewhere.remove(port);
        port.members().forEach(Service::arrived);
      }
    }
    return elsewhere.isEmpty();
  }
}
