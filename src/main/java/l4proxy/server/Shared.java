package l4proxy.server;

import l4proxy.net.Watch;

/**
 * What all sessions of a server have in common.
 *
 * @param services which services there are
 * @param exposures who may have which public port
 * @param tickets which tunnels are expected
 * @param direct which backends answer at their clients' own addresses
 * @param watch keeps time limits
 */
record Shared(
    Services services, Exposures exposures, Tickets tickets, DirectDials direct, Watch watch) {}
