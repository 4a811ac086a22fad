package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.List;
import java.util.Optional;
import l4proxy.auth.Key;
import l4proxy.wire.Message;

/**
 * Which public port a service gets: one asked for by number is its key's, a drawn one the
 * instance's. Under the lock of {@link Services}.
 */
final class PortGrants {
  private final Services services;
  private final Ports ports;
  private final InternalPorts internals;
  private final Leases leases;

  PortGrants(Services services, Ports ports, InternalPorts internals, Leases leases) {
    this.services = services;
    this.ports = ports;
    this.internals = internals;
    this.leases = leases;
  }

  /**
   * The port asked for, or any.
   *
   * @param own what the client has on another port; left when it is granted this one
   */
  Outcome place(Exposure exposure, Optional<Service> own) {
    return exposure.asked().publicPort() == 0 ? draw(exposure, own) : claim(exposure, own);
  }

  /** A port of its own, just bound. */
  private Outcome open(ServerSocket listener, Exposure exposure, Optional<Service> own) {
    PublicPort opened = services.open(listener, exposure.session().key().name());
    leave(own);
    boolean drawn = exposure.asked().publicPort() == 0;
    return new Outcome.Granted(services.join(opened, exposure, drawn));
  }

  /** Another port is open for it: what it has had is closed only now. */
  private void leave(Optional<Service> own) {
    own.ifPresent(service -> services.leave(service, "its client asked for another port"));
  }

  /**
   * A port by number: granted when it is free, shared, or its holder has the same key and is gone.
   */
  private Outcome claim(Exposure exposure, Optional<Service> own) {
    Message.Expose asked = exposure.asked();
    Key key = exposure.session().key();
    int port = asked.publicPort();
    Optional<String> denial = ports.denial(key, port);
    if (denial.isPresent()) {
      return new Outcome.Denied(denial.get(), true);
    }
    if (internals.contains(port)) {
      return new Outcome.Denied(
          "port " + port + " is where tunnels arrive; choose another --pub_port, or 0 for any",
          true);
    }
    PublicPort held = services.at(port);
    if (held == null) {
      return bind(exposure, own);
    }
    List<Service> before = held.members();
    if (!before.stream().allMatch(m -> m.key().equals(key.name()))) {
      return new Outcome.Denied(
          "port " + port + " is held by another client; choose another --pub_port, or 0 for any",
          true);
    }
    Optional<String> misfit = Misfits.of(held, asked);
    if (misfit.isPresent()) {
      return new Outcome.Denied(misfit.get(), true);
    }
    leave(own);
    List<Service> replaced = replaced(asked);
    if (replaced.isEmpty()) {
      Misfits.surplus(held, asked.instance())
          .ifPresent(away -> services.leave(away, "its port is shared by another instead"));
    }
    Service joined = services.join(held, exposure, false);
    replaced.forEach(m -> services.retire(m, "another client of its key took its port"));
    return new Outcome.Granted(joined);
  }

  /** Who makes way for the one that is granted the port asked for: nobody where all share it. */
  List<Service> replaced(Message.Expose asked) {
    PublicPort held = services.at(asked.publicPort());
    List<Service> before = held == null ? List.of() : List.copyOf(held.members());
    boolean shared =
        asked.sharing() != null && before.stream().noneMatch(m -> m.asked().sharing() == null);
    return shared ? List.of() : before;
  }

  private Outcome bind(Exposure exposure, Optional<Service> own) {
    int port = exposure.asked().publicPort();
    if (ports.isElsewhere(port)) { // for tunnels: all others are restored already
      return new Outcome.Denied(
          "port " + port + " is of the server that is taken over yet; try again in a second",
          false);
    }
    try {
      return open(ports.bind(port), exposure, own);
    } catch (IOException e) {
      return new Outcome.Denied(
          "port "
              + port
              + " cannot be opened on the server ("
              + e.getMessage()
              + "); choose another --pub_port, or stop the program that has it",
          true);
    }
  }

  /** Any port: the one this client had, if it may have it again, else a free one. */
  private Outcome draw(Exposure exposure, Optional<Service> own) {
    Message.Expose asked = exposure.asked();
    Key key = exposure.session().key();
    int before =
        leases
            .of(key.name(), asked.instance())
            .filter(Lease::drawn)
            .map(Lease::port)
            .orElse(asked.lastPort());
    if (before != 0 && mayTake(key, before)) {
      try {
        return open(ports.bind(before), exposure, own);
      } catch (IOException taken) {
        // by another program meanwhile: a new one is drawn and announced
      }
    }
    Optional<ServerSocket> drawn = ports.draw(port -> mayTake(key, port));
    return drawn.isEmpty()
        ? new Outcome.Denied(noneFree(key), false)
        : open(drawn.get(), exposure, own);
  }

  private String noneFree(Key key) {
    return key.ports()
        .map(granted ->
            "no port that key %s may have, %s, is free; end a client of it, or ask for a key with more ports"
                .formatted(key.name(), granted))
        .orElse(
            "no port of this server, %s, is free; end a client, or start the server with more --ports"
                .formatted(ports.allowed()));
  }

  private boolean mayTake(Key key, int port) {
    return ports.allowed().contains(port)
        && key.allows(port)
        && services.at(port) == null
        && !ports.isElsewhere(port)
        && !internals.contains(port);
  }
}
