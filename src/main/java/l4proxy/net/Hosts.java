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

  /**
   * What is to be done with an address.
   *
   * @param <T> what comes of it
   * @param <E> what ends it for all addresses
   */
  @FunctionalInterface
  public interface Attempt<T, E extends Exception> {
    /**
     * Tries one address.
     *
     * @param address where
     * @param time for this one
     * @return a connection
     * @throws IOException when the next address is to be tried
     * @throws E when none is
     */
    T to(InetSocketAddress address, Duration time) throws IOException, E;
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
    return Hosts.<Socket, RuntimeException>first(target, time, Sockets::connect);
  }

  /**
   * Tries the addresses of a host in turn.
   *
   * @param <T> what comes of it
   * @param <E> what ends it for all addresses
   * @param target host and port
   * @param time for the look-up and all attempts together
   * @param attempt tries one
   * @return what the first attempt that succeeds came to
   * @throws IOException when none succeeded; why the first did not
   * @throws E as soon as an attempt throws it
   */
  public static <T, E extends Exception> T first(
      HostPort target, Duration time, Attempt<T, E> attempt) throws IOException, E {
    long end = System.nanoTime() + time.toNanos();
    return first(LOOKUPS.resolve(target.host(), time), target.port(), end, attempt);
  }

  /** The same with its addresses known; each has an equal part of the time that is left. */
  static <T, E extends Exception> T first(
      List<InetAddress> addresses, int port, long end, Attempt<T, E> attempt)
      throws IOException, E {
    @Nullable IOException why = null;
    for (int i = 0; i < addresses.size(); i++) {
      long left = (end - System.nanoTime()) / (addresses.size() - i);
      if (left <= 0) {
        break;
      }
      try {
        return attempt.to(new InetSocketAddress(addresses.get(i), port), Duration.ofNanos(left));
      } catch (IOException e) {
        why = why == null ? e : why;
      }
    }
    throw why == null ? new SocketTimeoutException("the look-up took all the time") : why;
  }
}
