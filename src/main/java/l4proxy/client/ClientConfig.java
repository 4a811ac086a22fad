package l4proxy.client;

import java.nio.file.Path;
import java.util.List;
import l4proxy.net.HostPort;

/**
 * What a client is told to do.
 *
 * @param server the server's control port
 * @param services what to expose
 * @param stateDir where instance ids are kept
 */
public record ClientConfig(HostPort server, List<ServiceConfig> services, Path stateDir) {
  /** Copies the list. */
  public ClientConfig {
    services = List.copyOf(services);
  }
}
