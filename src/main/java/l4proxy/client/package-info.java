/**
 * The client's end: it keeps a control connection to the server, opens the tunnels it is asked for,
 * and connects each user that comes through one to the backend.
 *
 * <p>Depends on {@code wire}, {@code net}, {@code auth}, {@code events}; knows nothing of {@code
 * l4proxy.server}. It dials no backend but those of its own configuration, whatever the server
 * says. The control connection, each tunnel and each backend's stream have a virtual thread.
 */
@NullMarked
package l4proxy.client;

import org.jspecify.annotations.NullMarked;
