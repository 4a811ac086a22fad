package l4proxy.server;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.PrimitiveIterator;
import java.util.function.IntPredicate;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import l4proxy.auth.Key;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.net.Sockets;
import org.jspecify.annotations.Nullable;

/** Binds public ports, on the host of the control port, each for this server alone. */
final class Ports {
  private static final Path EPHEMERAL = Path.of("/proc/sys/net/ipv4/ip_local_port_range");

  /** Before all ports are listed to choose from, which costs 100 times as much. */
  private static final int GUESSES = 16;

  private final String host;
  private final PortRanges allowed;
  private final RandomGenerator random;
  private final Optional<Takeover> takeover;

  /** Looked up once: where the server listens does not change while it runs. */
  private volatile @Nullable InetAddress address;

  Ports(String host, PortRanges allowed, RandomGenerator random, Optional<Takeover> takeover) {
    this.takeover = takeover;
    this.host = host;
    this.allowed = allowed;
    this.random = random;
  }

  /** The ports that clients may ask for. */
  PortRanges allowed() {
    return allowed;
  }

  /** Why a client may not have a port, whoever has it. */
  Optional<String> denial(Key key, int port) {
    if (!allowed.contains(port)) {
      return Optional.of(
          "port "
              + port
              + " is not among the ports of this server, "
              + allowed
              + "; choose one of those, or start the server with --ports");
    }
    return key.allows(port)
        ? Optional.empty()
        : Optional.of(
            "port "
                + port
                + " is not granted to key "
                + key.name()
                + ", which may have "
                + key.ports().map(Object::toString).orElse("any")
                + "; choose one of those, or ask for another key");
  }

  /** Binds one port; one that a server has that is taken over, beside it. */
  ServerSocket bind(int port) throws IOException {
    InetSocketAddress there = new InetSocketAddress(address(), port);
    return takeover.isPresent()
        ? takeover.get().bind(String.valueOf(port), there)
        : Sockets.listen(there);
  }

  private InetAddress address() throws IOException {
    InetAddress known = address;
    if (known == null) {
      known = new HostPort(host, 0).resolve().getAddress();
      address = known;
    }
    return known;
  }

  /** How many users a public port had on a server that is taken over. */
  int usersElsewhere(int port) {
    return takeover.map(other -> other.users().getOrDefault(port, 0)).orElse(0);
  }

  /** Whether a server that is taken over has that port yet. */
  boolean isElsewhere(int port) {
    return takeover.filter(other -> other.holds(String.valueOf(port))).isPresent();
  }

  /**
   * Binds any port that may be had: first one outside the range that the kernel takes for outgoing
   * connections.
   *
   * @param free whether a port may be taken
   */
  Optional<ServerSocket> draw(IntPredicate free) {
    PortRanges ephemeral = ephemeral();
    return drawFrom(port -> free.test(port) && !ephemeral.contains(port))
        .or(() -> drawFrom(port -> free.test(port) && ephemeral.contains(port)));
  }

  private Optional<ServerSocket> drawFrom(IntPredicate free) {
    IntPredicate wanted = port -> free.test(port) && !isElsewhere(port);
    IntStream few = random.ints(GUESSES, 0, allowed.size()).map(allowed::portAt);
    return bindFirst(few.filter(wanted))
        .or(() -> {
          int[] all = allowed.ports().filter(wanted).toArray();
          int start = all.length == 0 ? 0 : random.nextInt(all.length);
          return bindFirst(IntStream.range(0, all.length).map(i -> all[(start + i) % all.length]));
        });
  }

  /** Binds the first that no other program has; the others are not looked at. */
  private Optional<ServerSocket> bindFirst(IntStream candidates) {
    for (PrimitiveIterator.OfInt each = candidates.iterator(); each.hasNext(); ) {
      try {
        return Optional.of(bind(each.nextInt()));
      } catch (IOException taken) {
        // by another program: the next one
      }
    }
    return Optional.empty();
  }

  private static PortRanges ephemeral() {
    try (InputStream in = Files.newInputStream(EPHEMERAL)) {
      byte[] content =
          new byte[64]; // in one read: the kernel gives nothing from within such a file
      int length = Math.max(0, in.read(content));
      String text = new String(content, 0, length, StandardCharsets.US_ASCII);
      String[] range = text.trim().split("\\s+", -1);
      return PortRanges.parse(range[0] + "-" + range[1]);
    } catch (IOException | RuntimeException notLinux) {
      return PortRanges.parse("49152-65535"); // RFC 6335, 6
    }
  }
}
