package l4proxy.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Connects to hosts by name: looks the name up anew, and tries its addresses one after the other,
 * all within one time limit. {@code localhost} may be the IPv4 or the IPv6 one, and of the
 * addresses of a server one may be down. Any thread.
 */
public final class Hosts {
  private static final Lookups LOOKUPS = new Lookups();
  private static final long LEAST = Duration.ofSeconds(1).toNanos();

  /** Tries one address, for so long at most. */
  @FunctionalInterface
  interface Attempt {
    Socket to(InetSocketAddress address, Duration time) throws IOException;
  }

  private Hosts() {}

  /**
   * Connects to the first address that takes it.
   *
   * @param target host and port
   * @param time for the look-up and all attempts together
   * @return the connected socket
   * @throws IOException when none did; why the first did not
   */
  public static Socket connect(HostPort target, Duration time) throws IOException {
    long end = System.nanoTime() + time.toNanos();
    return first(LOOKUPS.resolve(target.host(), time), target.port(), end, Sockets::connect);
  }

  /**
   * Connects to the first of some addresses that takes it.
   *
   * @param addresses of one host, at least one
   * @param port the same for all
   * @param time for all attempts together
   * @return the connected socket
   * @throws IOException when none did; why the first did not
   */
  public static Socket connect(List<InetAddress> addresses, int port, Duration time)
      throws IOException {
    return first(addresses, port, System.nanoTime() + time.toNanos(), Sockets::connect);
  }

  /**
   * Tries the addresses in turn; each has an equal part of the time that is left, and a second at
   * least, since one that is far away is not down.
   *
   * @param end {@link System#nanoTime()} at which it is over
   */
  static Socket first(List<InetAddress> addresses, int port, long end, Attempt attempt)
      throws IOException {
    @Nullable IOException why = null;
    for (int i = 0; i < addresses.size(); i++) {
      long left = end - System.nanoTime();
      if (left <= 0) {
        break;
      }
      long part = Math.min(left, Math.max(LEAST, left / (addresses.size() - i)));
      try {
        return attempt.to(new InetSocketAddress(addresses.get(i), port), Duration.ofNanos(part));
      } catch (IOException e) {
        why = why == null ? e : why;
      }
    }
    throw why == null ? new SocketTimeoutException("the look-up took all the time") : why;
  }
}
