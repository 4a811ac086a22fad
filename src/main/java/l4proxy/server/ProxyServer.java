package l4proxy.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.Keys;
import l4proxy.auth.Tls;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.Heap;
import l4proxy.net.HostPort;
import l4proxy.net.Watch;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * The server: a control port, the public ports that clients ask for, a way in to the API.
 *
 * <p>Made, then {@link #start started}, then {@link #drain drained} or not, then closed, which
 * returns when its threads are gone. The state it is given stays open.
 */
public final class ProxyServer implements AutoCloseable {
  private static final long LOOK_MILLIS = 20;

  /** So long users whose connections were just accepted may take to be counted. */
  private static final Duration LATECOMERS = Duration.ofSeconds(1);

  /** How often a backend is dialled at its client's own address. */
  private static final Duration DIRECT = Duration.ofSeconds(30);

  private final Predecessor predecessor;
  private final ServerConfig config;
  private final ServerState state;
  private final Events events;
  private final String version;
  private final Watch watch = new Watch();
  private final Handshakes handshakes = new Handshakes();
  private final DirectDials direct = new DirectDials(DIRECT);
  private final BrowserSessions browsers;
  private final Leases leases;
  private final Arrivals arrivals;
  private final Newcomers newcomers;
  private final InternalPorts internals;
  private final Services services;
  private final RestoredServices restored;
  private final Sessions sessions;
  private final ServerView view;
  private final Forwarders forwarders;
  private final CountDownLatch closed = new CountDownLatch(1);
  private @Nullable ControlPort control;
  private volatile @Nullable ApiPort api;
  private @Nullable Handover handover;
  private volatile boolean draining;

  /**
   * A server that does not listen yet.
   *
   * @param config what it is to do
   * @param state what it kept
   * @param events told what happens
   * @param version what it calls itself
   * @throws IOException when the remembered leases cannot be read
   */
  public ProxyServer(ServerConfig config, ServerState state, Events events, String version)
      throws IOException {
    this(config, state, events, version, Optional.empty());
  }

  /**
   * A server that does not listen yet, and may take another one over.
   *
   * @param config what it is to do
   * @param state what the other kept, if there is one not held yet
   * @param events told what happens
   * @param version what it calls itself
   * @param takeover of the other, if there is one; somebody else's to close
   * @throws IOException when the remembered leases cannot be read
   */
  public ProxyServer(
      ServerConfig config,
      ServerState state,
      Events events,
      String version,
      Optional<Takeover> takeover)
      throws IOException {
    this.predecessor = new Predecessor(takeover);
    this.config = config;
    this.state = state;
    this.events = events;
    this.version = version;
    this.browsers = new BrowserSessions(state.keys());
    this.leases =
        takeover.isPresent()
            ? Leases.of(state.directory(), events, takeover.get().leases())
            : Leases.open(state.directory(), events);
    Ports ports = new Ports(config.ctlAddr().host(), config.ports(), new SecureRandom(), takeover);
    Keys keys = state.keys();
    Tickets tickets = new Tickets();
    this.arrivals = new Arrivals(tickets, events);
    this.newcomers = new Newcomers(Tls.server(state.identity(), state.web()), handshakes, events);
    this.internals = new InternalPorts(ports, newcomers, arrivals);
    this.services = new Services(config, internals, leases, new Rates(keys), events);
    this.restored = new RestoredServices(services, ports, leases, events);
    this.forwarders = new Forwarders(config, services, ports, watch, events);
    Exposures exposures =
        new Exposures(
            config,
            services,
            ports,
            internals,
            leases,
            key -> key.equals(Sessions.NOBODY) || keys.contains(key));
    Shared shared = new Shared(services, exposures, tickets, direct, watch);
    this.sessions = new Sessions(shared, state.keys(), config, handshakes, events, version);
    this.view = new ServerView(this, shared, sessions, handshakes, config);
  }

  /**
   * Starts to listen; returns when another server, if it is to be taken over, is.
   *
   * @param http where the HttpServer listens, on loopback
   * @throws IOException when a port cannot be bound; the message says which, and what to do
   * @throws InterruptedException when the caller is to give up
   */
  public void start(InetSocketAddress http) throws IOException, InterruptedException {
    HttpDoor door = new HttpDoor(http, state.keys(), browsers, watch);
    List<TakeoverMessage.Proxy> proxies = predecessor.forwarders();
    Predicate<InetAddress> reach =
        proxies.isEmpty() ? null : forwarders.reach(); // before anything has moved
    ServerSocket listener =
        predecessor.bind(TakeoverMessage.CONTROL, config.ctlAddr(), "--ctl_addr");
    restored.restore(key ->
        state.keys().named(key).isPresent()
            || config.noAuth() && key.equals(Sessions.NOBODY.name()));
    watch.add(services);
    Heap.watchedBy(watch);
    if (reach != null) {
      forwarders.restore(proxies, reach);
    }
    ControlPort open = new ControlPort(listener, newcomers, sessions, arrivals, door);
    control = open;
    events.happened(new Event.Listening("control port", controlAddress().toString()));
    if (config.apiAddr().isPresent()) {
      ServerSocket apiListener =
          predecessor.bind(TakeoverMessage.API, config.apiAddr().get(), "--api_addr");
      api = new ApiPort(apiListener, handshakes, door);
      events.happened(
          new Event.Listening(
              "API",
              new HostPort(config.apiAddr().get().host(), apiListener.getLocalPort()).toString()));
    }
    predecessor.succeed(restored, state, leases, closed);
    Estate estate =
        new Estate(
            config,
            state,
            leases,
            sessions,
            services,
            internals,
            forwarders,
            open.loop(),
            Optional.ofNullable(api).map(ApiPort::loop),
            predecessor);
    handover = Handover.open(estate, events, version).orElse(null);
  }

  /**
   * Stops accepting users, tells the clients, and waits until the users have finished; after a
   * takeover also for the end of the server that this one took over, which hears by this one who is
   * to be ended.
   *
   * @param time how long its own users have at most; the other has a time of its own for its users
   * @throws InterruptedException when the caller is to give up
   */
  public void drain(Duration time) throws InterruptedException {
    draining = true;
    if (!isTakenOver()) {
      services.stop();
      forwarders.stop();
      sessions.tell(new Message.Draining());
    }
    long started = System.nanoTime();
    while (isTakenOver() && System.nanoTime() - started < LATECOMERS.toNanos()
        || services.users() + forwarders.users() > 0
            && System.nanoTime() - started < time.toNanos()) {
      if (closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        return;
      }
    }
    if (isTakenOver() && predecessor.isThere()) {
      endUsers(); // whose time is over
      predecessor.awaitEnd(closed);
    }
  }

  private void endUsers() {
    services.close();
    forwarders.close();
  }

  /**
   * Does something when another process has taken this server over.
   *
   * @param action done once, on a thread that must not wait
   */
  public void onTakenOver(Runnable action) {
    Handover open = handover;
    if (open != null) {
      open.then(action);
    }
  }

  /**
   * Whether another process has taken this server over.
   *
   * @return true when all that is left to do is to let users finish
   */
  public boolean isTakenOver() {
    return successor().isPresent();
  }

  /**
   * The process that has taken this server over.
   *
   * @return its id; empty while none has
   */
  public OptionalLong successor() {
    Handover open = handover;
    return open != null && open.handedOver()
        ? OptionalLong.of(open.successor())
        : OptionalLong.empty();
  }

  /**
   * Whether another process takes this server over, or has.
   *
   * @return true when what is opened or ended here for good would not be so there
   */
  public boolean isBeingTakenOver() {
    return services.isOffered();
  }

  /** A service was ended here: the users that a server taken over has of it end too. */
  void ended(String service) {
    predecessor.ended(service);
  }

  /**
   * Where the control port listens.
   *
   * @return host as configured, port as bound
   */
  public HostPort controlAddress() {
    ControlPort bound = control;
    return new HostPort(
        config.ctlAddr().host(), bound == null ? config.ctlAddr().port() : bound.port());
  }

  /**
   * What there is to see and to end, for the API.
   *
   * @return a view that is good as long as the server
   */
  public ServerView view() {
    return view;
  }

  /**
   * The HTTP forward proxies of its own, for the API.
   *
   * @return to open, list and close them
   */
  public Forwarders forwarders() {
    return forwarders;
  }

  /**
   * The keys, for the API.
   *
   * @return the server's keys
   */
  public Keys keys() {
    return state.keys();
  }

  /**
   * The browsers that act for a key, for the API.
   *
   * @return the server's sessions
   */
  public BrowserSessions browsers() {
    return browsers;
  }

  /**
   * Where the API listens without TLS.
   *
   * @return host as configured, port as bound; empty when it does not
   */
  public Optional<HostPort> apiAddress() {
    ApiPort bound = api;
    return bound == null
        ? Optional.empty()
        : config.apiAddr().map(address -> new HostPort(address.host(), bound.loop().port()));
  }

  /**
   * Whether it takes users.
   *
   * @return false while draining
   */
  public boolean ready() {
    return !draining;
  }

  /**
   * What it calls itself.
   *
   * @return the version
   */
  public String version() {
    return version;
  }

  @Override
  public void close() {
    closed.countDown();
    Handover open = handover;
    if (open != null) {
      open.close();
    }
    ApiPort bound = api;
    if (bound != null) {
      bound.close();
    }
    endUsers();
    if (control != null) {
      control.close();
    }
    direct.close();
    watch.close();
    leases.close();
  }
}
