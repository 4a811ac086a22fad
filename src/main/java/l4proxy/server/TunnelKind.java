package l4proxy.server;

/**
 * How tunnels come.
 *
 * @param plain whether unencrypted
 * @param port the internal port at which they arrive, 0 for the control port
 */
record TunnelKind(boolean plain, int port) {}
