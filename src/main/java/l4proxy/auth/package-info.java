/**
 * Who is who: the server's identity and its pin, join keys, the server's keys and state files, the
 * user's credentials file, and TLS that trusts pins instead of certificate authorities.
 *
 * <p>Depends on {@code l4proxy.net} for addresses and ports, on gson for the text of files, and on
 * nothing else of ours. Starts no thread. Files are read and written by the calling thread; {@link
 * l4proxy.auth.Keys}, {@link l4proxy.auth.StateDirectory} and {@link l4proxy.auth.Credentials} may
 * be called by any number of threads, everything else is a value.
 *
 * <p>Secrets stand in a {@link l4proxy.auth.JoinKey} and nowhere else: no message and no {@code
 * toString} of this package carries one, and what damaged a file is told without quoting the file.
 */
@NullMarked
package l4proxy.auth;

import org.jspecify.annotations.NullMarked;
