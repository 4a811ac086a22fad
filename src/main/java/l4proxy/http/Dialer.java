package l4proxy.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import l4proxy.net.HostPort;
import l4proxy.net.Hosts;
import l4proxy.net.PlainConnection;
import l4proxy.net.Resolver;

/**
 * Connects a proxy's users to where they want to go, as far as they may.
 *
 * <p>A name is looked up once, each of its addresses is checked, and exactly those that passed are
 * dialled: an answer that changes between check and use changes nothing. Any thread.
 */
public final class Dialer {
  private static final Duration TIME = Duration.ofSeconds(10);

  private final Resolver resolver;
  private final Predicate<InetAddress> allowed;

  /**
   * A way out.
   *
   * @param resolver looks names up
   * @param allowed which addresses may be dialled
   */
  public Dialer(Resolver resolver, Predicate<InetAddress> allowed) {
    this.resolver = resolver;
    this.allowed = allowed;
  }

  /** Connects; the caller closes what it gets. */
  PlainConnection dial(HostPort target) throws IOException {
    List<InetAddress> addresses = resolve(target.host()).stream().filter(allowed).toList();
    if (addresses.isEmpty()) {
      throw new Rejection(
          403,
          "This proxy connects to no address that the host has: it is for the internet, unless"
              + " --allow_private of its server says otherwise.");
    }
    try {
      return new PlainConnection(Hosts.connect(addresses, target.port(), TIME)).resetWhenLost();
    } catch (SocketTimeoutException e) {
      throw new Rejection(504, "The host did not answer in time.");
    } catch (IOException e) {
      throw new Rejection(502, "The host refused the connection, or there is no way to it.");
    }
  }

  private List<InetAddress> resolve(String host) throws Rejection {
    try {
      return resolver.resolve(host);
    } catch (UnknownHostException e) {
      throw new Rejection(502, "There is no address for the host; is its name right?");
    } catch (SocketTimeoutException e) {
      throw new Rejection(504, "The host's name could not be looked up in time.");
    } catch (IOException e) {
      throw new Rejection(503, "Too many names are being looked up; try again.");
    }
  }
}
