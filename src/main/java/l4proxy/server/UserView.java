package l4proxy.server;

import java.time.Instant;

/**
 * One user's connection, as the API shows it. Speeds are bytes a second over the last 5 s, {@code
 * in} is user to backend.
 *
 * @param id its number, never used again by this server
 * @param userAddr where the user comes from
 * @param speedIn bytes a second
 * @param speedOut bytes a second
 * @param bytesIn bytes so far
 * @param bytesOut bytes so far
 * @param connectedAt when the user came
 */
public record UserView(
    long id,
    String userAddr,
    long speedIn,
    long speedOut,
    long bytesIn,
    long bytesOut,
    Instant connectedAt) {}
