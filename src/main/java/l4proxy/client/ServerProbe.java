package l4proxy.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import l4proxy.auth.Pin;
import l4proxy.net.HostPort;
import l4proxy.net.TlsConnection;

/** Looks whether a server is there, believing and telling it nothing. */
public final class ServerProbe {
  private ServerProbe() {}

  /**
   * Connects as a client does, up to the end of the TLS handshake: TLS 1.3, with l4proxy's ALPN.
   *
   * @param server as the user names it
   * @param address its address, resolved
   * @param time for all of it
   * @return the server's pin, whoever it is
   * @throws IOException when it cannot be connected, or is no l4proxy server
   */
  public static Pin pin(HostPort server, InetSocketAddress address, Duration time)
      throws IOException {
    ServerDialer dialer = new ServerDialer(server, Optional.empty());
    try (TlsConnection _ = dialer.dial(address, time)) {
      return dialer.pin().orElseThrow();
    } catch (RefusedException e) {
      throw new IllegalStateException("no pin is expected, and none refused", e);
    }
  }
}
