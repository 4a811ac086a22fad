package l4proxy.client;

import java.util.Optional;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PacedConnection;
import l4proxy.net.TokenBucket;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * One service of this client's: what was configured, the id the server knows it by, and where it is
 * reachable. Any thread.
 */
final class Service {
  private final int number;
  private final ServiceConfig config;
  private final Instances.Instance instance;
  private final Optional<Pace> pace;
  private final Health health;
  private final Dials dials;
  private volatile @Nullable HostPort address;
  private volatile int relayPort;

  /** How fast its users go, all of them together. */
  private record Pace(TokenBucket in, TokenBucket out) {
    static Optional<Pace> of(int rate) {
      return rate == 0
          ? Optional.empty()
          : Optional.of(new Pace(new TokenBucket(rate), new TokenBucket(rate)));
    }
  }

  /** What is known of its backend. */
  private record Seen(Health health, Dials dials) {}

  Service(int number, ServiceConfig config, Instances.Instance instance) {
    this(
        number,
        config,
        instance,
        Pace.of(config.handling().limitRate()),
        new Seen(new Health(), new Dials()));
  }

  private Service(
      int number,
      ServiceConfig config,
      Instances.Instance instance,
      Optional<Pace> pace,
      Seen seen) {
    this.number = number;
    this.config = config;
    this.instance = instance;
    this.pace = pace;
    this.health = seen.health();
    this.dials = seen.dials();
  }

  /**
   * The same service for the server, with other options, another backend or another name; under a
   * new name its address is news.
   */
  Service changed(ServiceConfig now) {
    Handling handling = now.handling();
    boolean samePace = handling.limitRate() == config.handling().limitRate();
    boolean sameBackend = now.backend().equals(config.backend());
    boolean sameHealth = sameBackend && handling.health().equals(config.handling().health());
    Service changed =
        new Service(
            number,
            now,
            instance,
            samePace ? pace : Pace.of(handling.limitRate()),
            new Seen(sameHealth ? health : new Health(), sameBackend ? dials : new Dials()));
    changed.relayPort = relayPort;
    changed.address = now.name().equals(config.name()) ? address : null;
    return changed;
  }

  /** The server accepted it in the place of what it was: its id is that of what it is now. */
  void takesEffect() {
    instance.isOf(config);
  }

  /** It is not exposed any more: another process may be it. */
  void release() {
    instance.release();
  }

  /** What to ask the server for. */
  Message.Expose exposure() {
    HostPort backend = config.backend();
    return new Message.Expose(
        number,
        config.name(),
        backend.port() == 0 ? backend.host() : backend.toString(), // 0: within this process
        instance.id(),
        config.publicPort(),
        relayPort,
        config.plainTunnels(),
        config.internalPort().orElse(null),
        config.backendPort(),
        config.sharing().map(Sharing::message).orElse(null));
  }

  /** The server says where it can be reached; whether that is news. */
  boolean reachable(HostPort now, int serversOwnPort) {
    instance.keep();
    relayPort = serversOwnPort;
    boolean news = !now.equals(address);
    address = now;
    return news;
  }

  /** A connection to its backend, kept to the rate that its users may have together. */
  Connection paced(Connection backend) {
    return pace.isPresent()
        ? new PacedConnection(backend, pace.get().out(), pace.get().in())
        : backend;
  }

  /** What its health checks came to. */
  Health health() {
    return health;
  }

  /** What users' connections to its backend came to. */
  Dials dials() {
    return dials;
  }

  /** The backend, as a sentence names it. */
  String backendText() {
    return "the backend " + config.backend() + " of service " + config.name();
  }

  int number() {
    return number;
  }

  ServiceConfig config() {
    return config;
  }
}
