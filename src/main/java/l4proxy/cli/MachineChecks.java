package l4proxy.cli;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import l4proxy.net.HostPort;
import l4proxy.net.Hosts;
import l4proxy.net.Sockets;

/** The steps of {@code check} that no server is needed for. */
final class MachineChecks {
  /** How long a connection may take. */
  static final Duration TIME = Duration.ofSeconds(5);

  /** Below this a few hundred users at once are too many: each has a backend and a tunnel. */
  private static final long FEW_DESCRIPTORS = 1024;

  private static final Duration APART = Duration.ofMinutes(5);

  private MachineChecks() {}

  static Finding backend(HostPort backend) {
    try {
      return connect(
          backend.toString(),
          () -> Hosts.connect(backend, TIME),
          "start the backend, or name its host and port behind the options");
    } catch (UnknownHostException e) {
      return Finding.fail(
          backend.host() + " has no address: name a host that this machine can look up");
    }
  }

  /** Whether a connection can be made; it is closed at once. */
  static Finding connect(InetSocketAddress address, String remedy) {
    try {
      return connect(Sockets.text(address), () -> Sockets.connect(address, TIME), remedy);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address is looked up", e);
    }
  }

  private interface Connecting {
    Socket connect() throws IOException;
  }

  private static Finding connect(String text, Connecting connecting, String remedy)
      throws UnknownHostException {
    try (Socket socket = connecting.connect()) {
      return Finding.ok(
          Sockets.text((InetSocketAddress) socket.getRemoteSocketAddress()) + " is connected");
    } catch (UnknownHostException e) {
      throw e;
    } catch (SocketTimeoutException e) {
      return Finding.fail(
          text
              + " does not answer within "
              + TIME.toSeconds()
              + " s: let the firewalls on the way pass this port, or "
              + remedy);
    } catch (IOException e) {
      return Finding.fail(text + " cannot be connected (" + e.getMessage() + "): " + remedy);
    }
  }

  static Finding descriptors() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
        ? descriptors(system.getMaxFileDescriptorCount())
        : Finding.unknown("this system does not tell");
  }

  static Finding descriptors(long most) {
    String text = "this process may open " + most + " files and sockets";
    return most < FEW_DESCRIPTORS
        ? Finding.warn(text + ", two for each user: raise it with ulimit -n, or LimitNOFILE")
        : Finding.ok(text);
  }

  /** Whether two clocks show the same, nearly. */
  static Finding clock(Instant server, Instant here) {
    Duration behind = Duration.between(here, server);
    if (behind.abs().compareTo(APART) <= 0) {
      return Finding.ok("as the server's, but for " + behind.abs().toSeconds() + " s");
    }
    return Finding.warn(
        "this machine's clock is "
            + behind.abs().toMinutes()
            + " min "
            + (behind.isNegative() ? "ahead of" : "behind")
            + " the server's: l4proxy works all the same, but set both, so that their logs agree");
  }
}
