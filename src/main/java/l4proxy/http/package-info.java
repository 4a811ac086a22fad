/**
 * The HTTP forward proxy: what it says and hears, whom it lets in, and where it connects to.
 *
 * <p>Depends on {@code l4proxy.net} alone. A user's virtual thread does everything for that user; a
 * request body is carried by a second one. Names are looked up on platform threads, because a
 * look-up blocks the thread below it.
 */
@NullMarked
package l4proxy.http;

import org.jspecify.annotations.NullMarked;
