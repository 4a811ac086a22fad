package l4proxy.image;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports that nothing listens on, for programs that must be told theirs. All are below the kernel's
 * ephemeral range, so that no outgoing connection takes one meanwhile. Tests run beside each other,
 * hence ranges that do not meet: 5000 to 9999 for what listens by itself, {@link
 * Account#PUBLIC_PORTS} and {@link #MANY} for ports that servers draw, {@link #NAMED} for those
 * that a client names.
 */
final class FreePorts {
  private static final int FIRST = 5000;
  private static final int LAST = 9999;
  private static final int FIRST_NAMED = 30_000;
  private static final int LAST_NAMED = 32_700;

  /** The {@code --ports} of a server whose clients ask for {@link #named()} ones. */
  static final String NAMED = FIRST_NAMED + "-" + (LAST_NAMED + 20);

  /** The {@code --ports} of servers that open a thousand. */
  static final String MANY = "25000-29999";

  private static final Set<Integer> GIVEN = new HashSet<>();

  private FreePorts() {}

  /** One that was not given before. */
  static int next() {
    return next(FIRST, LAST);
  }

  /** One that was not given before, and that only servers with {@link #NAMED} ports open. */
  static int named() {
    return next(FIRST_NAMED, LAST_NAMED);
  }

  private static synchronized int next(int first, int last) {
    for (int tries = 0; tries < 1000; tries++) {
      int port = ThreadLocalRandom.current().nextInt(first, last + 1);
      if (!GIVEN.contains(port) && isFree(port)) {
        GIVEN.add(port);
        return port;
      }
    }
    throw new AssertionError("no free port from " + first + " to " + last);
  }

  /** Whether a server could listen there on every address. */
  static boolean isFree(int port) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(port));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }

  static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }
}
