package l4proxy.server;

/**
 * How much a server has to do now.
 *
 * @param users connected
 * @param clients with a control connection
 * @param services exposed, those waiting for their client too
 * @param idleTunnels that wait for a user
 * @param tunnelsInUse that carry one
 * @param handshakes of those who have not proven anything yet
 * @param handshakesDropped that had to go for others, so far
 * @param bytesIn from users to backends, so far
 * @param bytesOut from backends to users, so far
 */
public record Load(
    int users,
    int clients,
    int services,
    int idleTunnels,
    int tunnelsInUse,
    int handshakes,
    long handshakesDropped,
    long bytesIn,
    long bytesOut) {}
