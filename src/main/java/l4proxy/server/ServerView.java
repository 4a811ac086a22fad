package l4proxy.server;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import l4proxy.events.EndedBy;
import l4proxy.net.HostPort;
import org.jspecify.annotations.Nullable;

/** What the API shows of a server, and ends. Any thread may call it. */
public final class ServerView {
  private final ProxyServer server;
  private final Shared shared;
  private final Sessions sessions;
  private final Handshakes handshakes;
  private final ServerConfig config;

  ServerView(
      ProxyServer server,
      Shared shared,
      Sessions sessions,
      Handshakes handshakes,
      ServerConfig config) {
    this.server = server;
    this.shared = shared;
    this.sessions = sessions;
    this.handshakes = handshakes;
    this.config = config;
  }

  /**
   * Every exposed service, by name.
   *
   * @return as they are now
   */
  public List<ClientView> clients() {
    return shared.services().all().stream()
        .map(this::view)
        .sorted(Comparator.comparing(ClientView::name))
        .toList();
  }

  /**
   * One exposed service.
   *
   * @param name made by the server
   * @return the service, if there is one of that name
   */
  public Optional<ClientView> client(String name) {
    return shared.services().named(name).map(this::view);
  }

  private ClientView view(Service service) {
    ClientSession session = service.present();
    HostPort control = server.controlAddress();
    int tunnels = service.tunnels().port();
    String host = service.host().isEmpty() ? control.host() : service.host();
    return new ClientView(
        service.name(),
        service.asked().name(),
        service.direct().orElse(new HostPort(host, service.port().number())).toString(),
        new HostPort(host, tunnels == 0 ? control.port() : tunnels).toString(),
        service.asked().backend(),
        service.asked().sharing() != null,
        service.direct().isPresent(),
        service.key(),
        state(session),
        session == null ? "" : session.version(),
        service.connectedAt(),
        service.users().size(),
        service.traffic().speedIn(),
        service.traffic().speedOut(),
        service.traffic().in(),
        service.traffic().out(),
        session == null || session.roundTripNanos() < 0 ? -1 : session.roundTripNanos() / 1e6,
        service.standing().good() ? "up" : "down");
  }

  private String state(@Nullable ClientSession session) {
    if (session == null) {
      return "reconnecting";
    }
    return session.draining() || !server.ready() ? "draining" : "connected";
  }

  /**
   * The users that a service has now, in the order in which they came.
   *
   * @param name of the service
   * @return empty for an unknown name
   */
  public List<UserView> users(String name) {
    return shared.services().named(name).stream()
        .flatMap(service -> service.users().values().stream())
        .map(ServerView::view)
        .sorted(Comparator.comparingLong(UserView::id))
        .toList();
  }

  private static UserView view(UserConnection user) {
    return new UserView(
        user.id(),
        user.address(),
        user.traffic().speedIn(),
        user.traffic().speedOut(),
        user.traffic().in(),
        user.traffic().out(),
        user.connectedAt());
  }

  /**
   * Ends a service and its users for good: the client's process does not get it again.
   *
   * @param name of the service
   * @return whether there was one
   */
  public boolean endClient(String name) {
    Optional<Service> service = shared.services().named(name);
    service.ifPresent(s -> {
      shared.exposures().end(s, "it was closed by command");
      server.ended(s.name());
    });
    return service.isPresent();
  }

  /**
   * Ends one user's connection.
   *
   * @param name of the service that has the user
   * @param id the user's number
   * @return whether there was one that was not being ended already
   */
  public boolean endUser(String name, long id) {
    return shared.services().named(name).map(service -> service.users().get(id)).stream()
        .anyMatch(user -> user.end(EndedBy.CLOSED));
  }

  /**
   * How much there is to do.
   *
   * @return numbers of this moment
   */
  public Load load() {
    List<ClientSession> clients = List.copyOf(sessions.all());
    return new Load(
        shared.services().users() + server.forwarders().users(),
        clients.size(),
        shared.services().all().size(),
        clients.stream().mapToInt(client -> client.tunnels().idle()).sum(),
        clients.stream().mapToInt(client -> client.tunnels().used()).sum(),
        handshakes.pending(),
        handshakes.dropped(),
        shared.services().traffic().in(),
        shared.services().traffic().out());
  }

  /**
   * The name by which clients and users reach it.
   *
   * @return as configured, with {@code --host}
   */
  public Optional<String> host() {
    return config.host();
  }

  /**
   * How many users it takes, and whom.
   *
   * @return as configured
   */
  public Limits limits() {
    return config.limits();
  }

  /**
   * How many users were turned away so far.
   *
   * @return counts by the option that said no, {@code max_users}, {@code deny} and so on
   */
  public Map<String, Long> usersTurnedAway() {
    Map<Admission.Reason, Long> refused = shared.services().admission().refused();
    Map<String, Long> all = new TreeMap<>();
    for (Admission.Reason each : Admission.Reason.values()) {
      all.put(each.toString(), refused.getOrDefault(each, 0L));
    }
    return all;
  }
}
