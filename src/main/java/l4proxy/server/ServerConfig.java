package l4proxy.server;

import java.time.Duration;
import java.util.Optional;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;

/**
 * What a server is told to do.
 *
 * @param ctlAddr where clients connect; public ports are bound on the same host
 * @param host shown in public addresses; when absent, the name the client dialled
 * @param apiAddr where the API listens without TLS; absent for not at all
 * @param ports public ports that clients may ask for
 * @param noAuth whether clients need no key
 * @param tlsOnly whether unencrypted tunnels are refused
 * @param allowPrivate whether forwarders of the server's own may dial private addresses
 * @param limits how many users it takes
 * @param drain how long users may finish after SIGTERM
 */
public record ServerConfig(
    HostPort ctlAddr,
    Optional<String> host,
    Optional<HostPort> apiAddr,
    PortRanges ports,
    boolean noAuth,
    boolean tlsOnly,
    boolean allowPrivate,
    Limits limits,
    Duration drain) {}
