package l4proxy.server;

/**
 * One HTTP forward proxy of the server's own, as the API shows it.
 *
 * @param name made by the server
 * @param kind {@code http_forwarder}, the only one there is
 * @param displayName what its owner calls it
 * @param publicAddress where users reach it
 */
public record ForwarderView(String name, String kind, String displayName, String publicAddress) {}
