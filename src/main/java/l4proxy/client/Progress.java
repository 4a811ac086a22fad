package l4proxy.client;

import java.time.Duration;
import java.util.Optional;

/**
 * How a client gets on now.
 *
 * @param connected whether the control connection stands
 * @param users who are on, with and without it
 * @param speedIn bytes a second to the backends, over the last 5 s
 * @param speedOut bytes a second to the users, over the last 5 s
 * @param roundTrip how long the server's last answer took; empty without a connection, and before
 *     the first answer
 */
public record Progress(
    boolean connected, int users, long speedIn, long speedOut, Optional<Duration> roundTrip) {}
