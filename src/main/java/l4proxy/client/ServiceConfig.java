package l4proxy.client;

import java.util.Optional;
import l4proxy.net.HostPort;

/**
 * One service to expose.
 *
 * @param name the display name
 * @param backend where users are connected to
 * @param publicPort the port asked for on the server, 0 for any
 * @param plainTunnels whether its tunnels go unencrypted
 * @param sharing how its public port is shared; absent: it is not
 */
public record ServiceConfig(
    String name,
    HostPort backend,
    int publicPort,
    boolean plainTunnels,
    Optional<Sharing> sharing) {
  /**
   * A service with nothing special.
   *
   * @param name the display name
   * @param backend where users are connected to
   * @param publicPort the port asked for on the server, 0 for any
   * @return the service
   */
  public static ServiceConfig of(String name, HostPort backend, int publicPort) {
    return new ServiceConfig(name, backend, publicPort, false, Optional.empty());
  }
}
