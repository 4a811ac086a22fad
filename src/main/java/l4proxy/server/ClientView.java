package l4proxy.server;

import java.time.Instant;

/**
 * One exposed service, as the API shows it. Speeds are bytes a second over the last 5 s, {@code in}
 * is user to backend.
 *
 * @param name made by the server, kept over reconnects
 * @param displayName what the client calls it
 * @param publicAddress where users reach it
 * @param internalAddress where its tunnels arrive
 * @param backend where the client connects users to
 * @param sharePublicAddr whether others may share its public port
 * @param direct whether users are told the backend's own address
 * @param key name of the key it was exposed with
 * @param state {@code connected}, {@code reconnecting} or {@code draining}
 * @param version of the client
 * @param connectedAt when the client exposed it last
 * @param users how many there are now
 * @param speedIn bytes a second
 * @param speedOut bytes a second
 * @param bytesIn bytes so far
 * @param bytesOut bytes so far
 * @param rttMillis round trip of the last heartbeat, -1 before there was one
 * @param health {@code up} or {@code down}, the latter when its backend could not be reached
 */
public record ClientView(
    String name,
    String displayName,
    String publicAddress,
    String internalAddress,
    String backend,
    boolean sharePublicAddr,
    boolean direct,
    String key,
    String state,
    String version,
    Instant connectedAt,
    int users,
    long speedIn,
    long speedOut,
    long bytesIn,
    long bytesOut,
    double rttMillis,
    String health) {}
