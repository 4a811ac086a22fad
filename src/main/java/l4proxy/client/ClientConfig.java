package l4proxy.client;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import l4proxy.http.ProxyAccess;
import l4proxy.net.HostPort;

/**
 * What a client is told to do.
 *
 * @param server the server's control port
 * @param services what to expose
 * @param stateDir where instance ids are kept
 * @param forwarder who may use the HTTP forward proxy of this process that all services lead to
 *     instead of their backends; absent: there is none
 */
public record ClientConfig(
    HostPort server, List<ServiceConfig> services, Path stateDir, Optional<ProxyAccess> forwarder) {
  /** Copies the list. */
  public ClientConfig {
    services = List.copyOf(services);
  }

  /**
   * A client that exposes backends.
   *
   * @param server the server's control port
   * @param services what to expose
   * @param stateDir where instance ids are kept
   */
  public ClientConfig(HostPort server, List<ServiceConfig> services, Path stateDir) {
    this(server, services, stateDir, Optional.empty());
  }
}
