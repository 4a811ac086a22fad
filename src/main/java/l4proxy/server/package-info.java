/**
 * The server's end: it takes users on public ports and gives each a tunnel of a client's.
 *
 * <p>A user's way: {@link l4proxy.server.PublicPort} accepts it, {@link
 * l4proxy.server.UserConnection} takes a tunnel from a {@link l4proxy.server.ClientSession} and
 * relays. Depends on {@code wire}, {@code net}, {@code auth} and {@code events}; knows nothing of
 * {@code l4proxy.client}. Each user, each control connection and each handshake has a virtual
 * thread.
 */
@NullMarked
package l4proxy.server;

import org.jspecify.annotations.NullMarked;
