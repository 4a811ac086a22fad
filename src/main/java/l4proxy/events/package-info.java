/**
 * What happened: the one seam through which the log, the counters and the tests learn of it.
 *
 * <p>Depends on {@code l4proxy.net} alone. Events are reported by the thread they happen on, so a
 * listener must not block; the access log has a thread of its own for that.
 */
@NullMarked
package l4proxy.events;

import org.jspecify.annotations.NullMarked;
