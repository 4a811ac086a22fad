package l4proxy.server;

import java.util.Optional;
import l4proxy.auth.Identity;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.auth.WebCertificate;

/**
 * What a server keeps over restarts, opened and checked; closed by who opened it, after the server.
 *
 * @param directory where it is, locked
 * @param identity the key that clients know the server by
 * @param keys what clients prove themselves with
 * @param web the certificate for browsers, if there is one
 */
public record ServerState(
    StateDirectory directory, Identity identity, Keys keys, Optional<WebCertificate> web) {}
