package l4proxy.client;

import l4proxy.net.HostPort;

/**
 * One service to expose.
 *
 * @param name the display name
 * @param backend where users are connected to
 * @param publicPort the port asked for on the server, 0 for any
 * @param plainTunnels whether its tunnels go unencrypted
 */
public record ServiceConfig(String name, HostPort backend, int publicPort, boolean plainTunnels) {}
