package l4proxy.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.Supplier;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.http.Dialer;
import l4proxy.http.ForwardProxy;
import l4proxy.http.GlobalAddresses;
import l4proxy.http.Login;
import l4proxy.http.ProxyAccess;
import l4proxy.net.AcceptLoop;
import l4proxy.net.CidrList;
import l4proxy.net.HostPort;
import l4proxy.net.Lookups;
import l4proxy.net.Resolver;
import l4proxy.net.Watch;

/**
 * The HTTP forward proxies that a server runs itself. They last until they are closed, or the
 * server is.
 *
 * <p>Their ports come from those that clients may ask for, and changes are made under the lock of
 * {@link Services}, so that no port is promised twice. Any thread.
 */
public final class Forwarders implements AutoCloseable {
  /** The kind of service that these are. */
  public static final String KIND = "http_forwarder";

  private static final int MOST = 100;
  private static final int NAME_BYTES = 8;

  private final ServerConfig config;
  private final Services services;
  private final Ports ports;
  private final Watch watch;
  private final Events events;
  private final Supplier<Resolver> lookups;
  private final Resolver own;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Forwarder> all = new ConcurrentHashMap<>();
  private boolean stopped;

  Forwarders(ServerConfig config, Services services, Ports ports, Watch watch, Events events) {
    this(config, services, ports, watch, events, Lookups::new);
  }

  /**
   * The same, with others that look names up: one for each proxy, so that names that hang for the
   * users of one hold up nobody else, and one for the server's own.
   */
  Forwarders(
      ServerConfig config,
      Services services,
      Ports ports,
      Watch watch,
      Events events,
      Supplier<Resolver> lookups) {
    this.config = config;
    this.services = services;
    this.ports = ports;
    this.watch = watch;
    this.events = events;
    this.lookups = lookups;
    this.own = lookups.get();
  }

  /**
   * Opens one.
   *
   * @param displayName what it is called, a display name
   * @param port the public port wanted, 0 for any
   * @param access who may use it
   * @return what the API shows
   * @throws PortTakenException when no port can be had, or the wanted one is none of this server's,
   *     or it is not known what may be dialled; a sentence
   */
  public ForwarderView open(String displayName, int port, ProxyAccess access)
      throws PortTakenException {
    try {
      return open(displayName, port, access, reach());
    } catch (IOException unknown) {
      throw new PortTakenException(String.valueOf(unknown.getMessage()));
    }
  }

  private ForwarderView open(
      String displayName, int port, ProxyAccess access, Predicate<InetAddress> reach)
      throws PortTakenException {
    services.lock().lock();
    try {
      if (stopped || services.stopped()) {
        throw new PortTakenException("The server is draining and opens no new ports.");
      }
      if (services.isOffered()) {
        throw new PortTakenException("Another process takes this server over; try again there.");
      }
      if (all.size() >= MOST) {
        throw new PortTakenException("There are " + MOST + " forward proxies already; close one.");
      }
      Forwarder.Names names = new Forwarder.Names(name(), displayName);
      return open(names, port == 0 ? draw() : bind(port), access, reach);
    } finally {
      services.lock().unlock();
    }
  }

  private ForwarderView open(
      Forwarder.Names names,
      ServerSocket listener,
      ProxyAccess access,
      Predicate<InetAddress> reach) {
    ForwardProxy proxy = new ForwardProxy(access, new Dialer(lookups.get(), reach), watch);
    Forwarder made =
        new Forwarder(names, listener, new Forwarder.Proxying(access, proxy), services, events);
    all.put(made.name(), made);
    ForwarderView view = view(made);
    events.happened(new Event.Listening("HTTP forward proxy " + made.name(), view.publicAddress()));
    return view;
  }

  /** Opens those of the server that is taken over. */
  void restore(List<TakeoverMessage.Proxy> before, Predicate<InetAddress> reach)
      throws IOException {
    for (TakeoverMessage.Proxy each : before) {
      ProxyAccess access =
          new ProxyAccess(
              Optional.ofNullable(each.login()).map(Login::parse),
              Optional.ofNullable(each.allow()).map(CidrList::parse));
      Forwarder.Names names = new Forwarder.Names(each.name(), each.displayName());
      open(names, ports.bind(each.port()), access, reach);
    }
  }

  /** Those there are, with their logins. */
  List<TakeoverMessage.Proxy> proxies() {
    return all.values().stream()
        .map(each ->
            new TakeoverMessage.Proxy(
                each.name(),
                each.displayName(),
                each.port(),
                each.access().login().map(Login::text).orElse(null),
                each.access().allowed().map(CidrList::toString).orElse(null)))
        .toList();
  }

  /** Their listeners. */
  List<AcceptLoop> listeners() {
    return all.values().stream().map(Forwarder::loop).toList();
  }

  /** What they may dial: the internet, and no address of this server; waits for a look-up. */
  Predicate<InetAddress> reach() throws IOException {
    return config.allowPrivate() ? address -> true : new GlobalAddresses(known());
  }

  /** Where the server is known to be reached beside its own interfaces, behind a NAT say. */
  private Set<InetAddress> known() throws IOException {
    if (config.host().isEmpty()) {
      return Set.of();
    }
    String host = config.host().get();
    try {
      return Set.copyOf(own.resolve(host));
    } catch (IOException e) {
      throw new IOException(
          "The server's --host, "
              + host
              + ", cannot be looked up, and a proxy might dial the server itself; try again later,"
              + " or start the server with a --host that can be.",
          e);
    }
  }

  private String name() {
    byte[] bits = new byte[NAME_BYTES];
    random.nextBytes(bits);
    return "f" + Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
  }

  private ServerSocket bind(int port) throws PortTakenException {
    if (!ports.allowed().contains(port)) {
      throw new PortTakenException(
          "Port "
              + port
              + " is not among the ports of this server, "
              + ports.allowed()
              + "; choose one of those, or start the server with --ports.");
    }
    if (services.at(port) != null) {
      throw new PortTakenException(
          "Port " + port + " is held by a client; choose another, or 0 for any.");
    }
    try {
      return ports.bind(port);
    } catch (IOException e) {
      throw new PortTakenException(
          "Port "
              + port
              + " cannot be opened on the server ("
              + e.getMessage()
              + "); choose another, or 0 for any.");
    }
  }

  private ServerSocket draw() throws PortTakenException {
    Optional<ServerSocket> drawn = ports.draw(port -> services.at(port) == null);
    if (drawn.isEmpty()) {
      throw new PortTakenException("No public port is free; try again later.");
    }
    return drawn.get();
  }

  private ForwarderView view(Forwarder forwarder) {
    String host = config.host().orElse(config.ctlAddr().host());
    return new ForwarderView(
        forwarder.name(),
        KIND,
        forwarder.displayName(),
        new HostPort(host, forwarder.port()).toString());
  }

  /**
   * Those that there are.
   *
   * @return ordered by name
   */
  public List<ForwarderView> list() {
    return all.values().stream()
        .map(this::view)
        .sorted(Comparator.comparing(ForwarderView::name))
        .toList();
  }

  /**
   * Ends one and its users; returns when they are gone.
   *
   * @param name the server's for it
   * @return false when there is none of that name
   */
  public boolean close(String name) {
    Forwarder forwarder = all.remove(name);
    if (forwarder == null) {
      return false;
    }
    forwarder.close(EndedBy.CLOSED);
    events.happened(new Event.ServiceEnded(name, "", "it was closed by command"));
    return true;
  }

  /** How many users there are. */
  int users() {
    return all.values().stream().mapToInt(Forwarder::users).sum();
  }

  /** Takes no new users, and opens no new proxy. */
  void stop() {
    services.lock().lock();
    try {
      stopped = true;
    } finally {
      services.lock().unlock();
    }
    all.values().forEach(Forwarder::stop);
  }

  @Override
  public void close() {
    stop();
    all.values().forEach(each -> each.close(EndedBy.SHUTDOWN));
  }
}
