/**
 * What goes over the wire between a server and a client: the messages of a control connection, the
 * frames of a tunnel, and the rules both sides keep.
 *
 * <p>Depends on {@code l4proxy.net} alone. A tunnel and a control link each have one reading thread
 * at a time; writing is safe from any thread.
 */
@NullMarked
package l4proxy.wire;

import org.jspecify.annotations.NullMarked;
