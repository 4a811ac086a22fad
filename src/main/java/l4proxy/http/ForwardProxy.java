package l4proxy.http;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import l4proxy.net.Connection;
import l4proxy.net.Watch;

/**
 * An HTTP/1.1 forward proxy: CONNECT to any port, and requests for {@code http://} URLs.
 *
 * <p>It has no listener and no thread of its own: whoever accepts users hands each over to {@link
 * #serve}, on the virtual thread that the user has. An interrupt ends what that thread does.
 */
public final class ForwardProxy {
  private final ProxyAccess access;
  private final Dialer dialer;
  private final Watch watch;
  private final Duration silence;

  /**
   * A proxy.
   *
   * @param access who may use it
   * @param dialer where it connects to
   * @param watch keeps time limits
   */
  public ForwardProxy(ProxyAccess access, Dialer dialer, Watch watch) {
    this(access, dialer, watch, Body.SILENCE);
  }

  /** One with another bound on how long a server may be silent before it answers. */
  ForwardProxy(ProxyAccess access, Dialer dialer, Watch watch, Duration silence) {
    this.access = access;
    this.dialer = dialer;
    this.watch = watch;
    this.silence = silence;
  }

  /**
   * Serves one user's connection to its end.
   *
   * @param user the connection; closed by the caller
   * @param address where the user comes from
   * @param connected done when a host that the user asks for is connected, the first one
   * @throws IOException when a side broke
   * @throws InterruptedException when the proxy is being closed
   */
  public void serve(Connection user, InetAddress address, Runnable connected)
      throws IOException, InterruptedException {
    try (ProxyUser served = new ProxyUser(user, address, this, connected)) {
      served.run();
    }
  }

  ProxyAccess access() {
    return access;
  }

  Dialer dialer() {
    return dialer;
  }

  Watch watch() {
    return watch;
  }

  /** How long a server may be silent before it answers. */
  Duration silence() {
    return silence;
  }
}
