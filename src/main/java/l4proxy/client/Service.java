package l4proxy.client;

import l4proxy.net.HostPort;
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
  private volatile @Nullable HostPort address;
  private volatile int relayPort;

  Service(int number, ServiceConfig config, Instances.Instance instance) {
    this.number = number;
    this.config = config;
    this.instance = instance;
  }

  /**
   * The same service for the server, with other options, another backend or another name; under a
   * new name its address is news.
   */
  Service changed(ServiceConfig now) {
    instance.isOf(now);
    Service changed = new Service(number, now, instance);
    changed.relayPort = relayPort;
    changed.address = now.name().equals(config.name()) ? address : null;
    return changed;
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

  int number() {
    return number;
  }

  ServiceConfig config() {
    return config;
  }
}
