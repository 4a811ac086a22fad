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
 * @param internalPort the port of the server's at which its tunnels arrive, 0 for any; absent: the
 *     control port
 * @param backendPort the port at which the backend may answer at this client's own public address,
 *     0 for none
 * @param sharing how its public port is shared; absent: it is not
 * @param handling how users come to the backend
 */
public record ServiceConfig(
    String name,
    HostPort backend,
    int publicPort,
    boolean plainTunnels,
    Optional<Integer> internalPort,
    int backendPort,
    Optional<Sharing> sharing,
    Handling handling) {
  /**
   * A service whose users come to the backend as they are.
   *
   * @param name the display name
   * @param backend where users are connected to
   * @param publicPort the port asked for on the server, 0 for any
   * @param plainTunnels whether its tunnels go unencrypted
   * @param internalPort the port of the server's at which its tunnels arrive, 0 for any; absent:
   *     the control port
   * @param backendPort the port at which the backend may answer at this client's own public
   *     address, 0 for none
   * @param sharing how its public port is shared; absent: it is not
   */
  public ServiceConfig(
      String name,
      HostPort backend,
      int publicPort,
      boolean plainTunnels,
      Optional<Integer> internalPort,
      int backendPort,
      Optional<Sharing> sharing) {
    this(
        name,
        backend,
        publicPort,
        plainTunnels,
        internalPort,
        backendPort,
        sharing,
        Handling.USUAL);
  }

  /**
   * A service with nothing special.
   *
   * @param name the display name
   * @param backend where users are connected to
   * @param publicPort the port asked for on the server, 0 for any
   * @return the service
   */
  public static ServiceConfig of(String name, HostPort backend, int publicPort) {
    return new ServiceConfig(
        name, backend, publicPort, false, Optional.empty(), 0, Optional.empty());
  }
}
