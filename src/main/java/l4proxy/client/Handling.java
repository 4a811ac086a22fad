package l4proxy.client;

import java.util.Optional;

/**
 * How a service's users come to its backend.
 *
 * @param limitRate bytes a second of all of them together, in each direction; 0 for no bound
 * @param proxyProtocol how the backend is told their addresses; absent: not at all
 * @param health how the backend is found fit for them; absent: it is not looked at
 */
public record Handling(
    int limitRate, Optional<ProxyProtocol> proxyProtocol, Optional<HealthCheck> health) {
  /** Nothing special. */
  public static final Handling USUAL = new Handling(0, Optional.empty(), Optional.empty());
}
