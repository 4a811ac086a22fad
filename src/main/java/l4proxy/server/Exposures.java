package l4proxy.server;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import l4proxy.auth.Key;
import l4proxy.wire.Message;

/**
 * Who may have which public port: decides what becomes of a client's request to expose a service.
 *
 * <p>A client that comes back, known by its key and instance, takes its service over as it is;
 * others get a port as {@link PortGrants} says. Decisions are made under the lock of {@link
 * Services}, which is not held while a client is probed. Called by the threads of control
 * connections.
 */
final class Exposures {
  private static final int LONGEST = 900;
  private static final Duration PROBE = Duration.ofSeconds(2);

  private final ServerConfig config;
  private final Services services;
  private final InternalPorts internals;
  private final PortGrants ports;
  private final Predicate<Key> good;
  private final EndedServices ended = new EndedServices();

  /**
   * Decides for one server.
   *
   * @param good whether a key still counts
   */
  Exposures(
      ServerConfig config,
      Services services,
      Ports ports,
      InternalPorts internals,
      Leases leases,
      Predicate<Key> good) {
    this.config = config;
    this.services = services;
    this.internals = internals;
    this.ports = new PortGrants(services, ports, internals, leases);
    this.good = good;
  }

  /** Ends a service and its users for good: the process that exposed it is not to have it again. */
  void end(Service service, String reason) {
    services.lock().lock();
    try {
      ended.add(service);
      ClientSession session = service.session();
      services.end(service, reason);
      if (session != null) {
        session.ended(service.asked().service());
      }
    } finally {
      services.lock().unlock();
    }
  }

  /**
   * Makes a client's service reachable, or says why not; waits for a probe of the port's holder at
   * most.
   */
  Message expose(ClientSession session, Message.Expose asked) throws InterruptedException {
    return switch (grant(session, asked)) {
      case Outcome.Granted(Service service) -> {
        int port = service.port().number();
        yield new Message.Exposed(asked.service(), service.name(), service.host(), port, port);
      }
      case Outcome.Denied(String text, boolean lasting) ->
          new Message.Refused(asked.service(), cut(text), lasting);
      case Outcome.Over() -> new Message.Ended(asked.service());
    };
  }

  /** A key's ports may be many. */
  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + " ...";
  }

  private Outcome grant(ClientSession session, Message.Expose asked) throws InterruptedException {
    if (asked.plainTunnels() && config.tlsOnly()) {
      return new Outcome.Denied(
          "this server takes encrypted tunnels only; leave --plain_tunnels out", true);
    }
    Optional<ClientSession> silent = silentHolder(session, asked);
    services.lock().lock();
    try {
      if (!good.test(session.key())) {
        return new Outcome.Denied("its key was revoked", true);
      }
      if (services.stopped()) {
        return new Outcome.Denied("the server is stopping", false);
      }
      silent.ifPresent(gone -> {
        gone.close("its port was taken over after it left a probe unanswered");
        services.lost(gone); // what it had is away now, before anything is counted
      });
      if (ended.contains(session.process(), asked.instance())) {
        return new Outcome.Over();
      }
      Optional<Service> own = own(session.key(), asked.instance());
      InternalPort before = own.map(Service::internal).orElse(null);
      if (services.isOffered()
          && !(isKnown(own, asked, session.key())
              && internals.has(session.key(), asked.internalPort(), before))) {
        return new Outcome.Denied("another process takes this server over just now", false);
      }
      return switch (internals.have(
          session.key(), asked.internalPort(), before, port -> services.at(port) != null)) {
        case InternalPorts.Outcome.Denied(String text, boolean lasting) ->
            new Outcome.Denied(text, lasting);
        case InternalPorts.Outcome.Granted(InternalPort internal) ->
            grant(new Exposure(session, asked, internal), own);
      };
    } finally {
      services.closeUnused();
      services.lock().unlock();
    }
  }

  /** Whether its public port is among those that another process was told of. */
  private boolean isKnown(Optional<Service> own, Message.Expose asked, Key key) {
    return own.isPresent() && fits(own.get(), asked, key)
        || services.at(asked.publicPort()) != null;
  }

  /** Where its tunnels arrive is settled: now its public port. */
  private Outcome grant(Exposure exposure, Optional<Service> own) {
    Message.Expose asked = exposure.asked();
    Key key = exposure.session().key();
    if (own.isPresent() && fits(own.get(), asked, key)) {
      return takeOver(own.get(), exposure);
    }
    List<Service> others = others(exposure, own);
    if (key.maxServices() == 0 || others.size() < key.maxServices()) {
      return ports.place(exposure, own);
    }
    return others.stream()
        .filter(s -> s.session() == null)
        .max(Comparator.comparing(Service::awayFor))
        .map(away -> placeInstead(away, exposure, own))
        .orElseGet(() -> tooMany(key));
  }

  /** One whose client is away makes room, for a client that lost its instance id, say. */
  private Outcome placeInstead(Service away, Exposure exposure, Optional<Service> own) {
    boolean any = exposure.asked().publicPort() == 0;
    if (any) {
      makeRoom(away); // its port may be the only one that can be drawn
    }
    Outcome outcome = ports.place(exposure, own);
    if (!any && outcome instanceof Outcome.Granted) {
      makeRoom(away);
    }
    return outcome;
  }

  private void makeRoom(Service away) {
    services.leave(away, "its key's number of services is used by another");
  }

  private Optional<Service> own(Key key, String instance) {
    return services.all().stream()
        .filter(s -> s.key().equals(key.name()) && s.instance().equals(instance))
        .findFirst();
  }

  private static boolean fits(Service service, Message.Expose asked, Key key) {
    int port = service.port().number();
    return key.allows(port) && (asked.publicPort() == 0 || asked.publicPort() == port);
  }

  /** What counts against its key's bound, beside the service that is asked for. */
  private List<Service> others(Exposure exposure, Optional<Service> own) {
    String key = exposure.session().key().name();
    List<Service> replaced = ports.replaced(exposure.asked());
    return services.all().stream()
        .filter(s -> s.key().equals(key) && own.filter(o -> o == s).isEmpty())
        .filter(s -> !replaced.contains(s))
        .toList();
  }

  private static Outcome tooMany(Key key) {
    return new Outcome.Denied(
        "key "
            + key.name()
            + " may expose "
            + key.maxServices()
            + " services and does; end one, or ask for a key with a higher --max_services",
        true);
  }

  /**
   * The session that holds the port asked for, with the same key, when it does not answer any more.
   */
  private Optional<ClientSession> silentHolder(ClientSession session, Message.Expose asked)
      throws InterruptedException {
    if (asked.sharing() != null) {
      return Optional.empty();
    }
    Optional<Service> holder =
        Misfits.connected(services.at(asked.publicPort()), asked.instance()).stream()
            .filter(s -> s.key().equals(session.key().name()) && s.session() != session)
            .findFirst();
    ClientSession holding = holder.map(Service::session).orElse(null);
    return holding == null || holding.probe(PROBE) ? Optional.empty() : Optional.of(holding);
  }

  private Outcome takeOver(Service service, Exposure exposure) {
    Optional<String> misfit = Misfits.of(service.port(), exposure.asked());
    if (misfit.isPresent()) {
      return new Outcome.Denied(misfit.get(), true);
    }
    ClientSession before = service.session();
    service.drawn(exposure.asked().publicPort() == 0);
    services.attach(service, exposure);
    if (before != null && before != exposure.session()) {
      before.close("the same client connected anew");
    }
    return new Outcome.Granted(service);
  }
}
