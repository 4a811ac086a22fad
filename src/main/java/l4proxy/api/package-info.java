/**
 * The API: JSON over the JDK's HttpServer on a loopback port, which the server's ways in relay to.
 *
 * <p>Depends on {@code server} for what there is to show, {@code auth} for keys, {@code events} for
 * what happens and what is counted, {@code net} for ports. Each request has a virtual thread.
 */
@NullMarked
package l4proxy.api;

import org.jspecify.annotations.NullMarked;
