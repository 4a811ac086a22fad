/**
 * Sockets and everything about them that knows nothing of tunnels: addresses, accept loops, plain
 * and TLS connections, the buffers they read into, the relay of two directions, back-off.
 *
 * <p>Depends on nothing else of this program. Blocking calls run on virtual threads; an accept loop
 * and the watch each have one platform thread, so that busy relays cannot hold them up.
 */
@NullMarked
package l4proxy.net;

import org.jspecify.annotations.NullMarked;
