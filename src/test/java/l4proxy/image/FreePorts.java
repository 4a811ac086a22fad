package l4proxy.image;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports that nothing listens on, for programs that must be told theirs. Below the kernel's
 * ephemeral range, so that no outgoing connection takes one meanwhile, and outside the range that
 * the servers of these tests draw public ports from.
 */
final class FreePorts {
  private static final int FIRST = 5000;
  private static final int LAST = 9999;
  private static final Set<Integer> GIVEN = new HashSet<>();

  private FreePorts() {}

  /** One that was not given before. */
  static synchronized int next() {
    for (int tries = 0; tries < 1000; tries++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, LAST + 1);
      if (!GIVEN.contains(port) && isFree(port)) {
        GIVEN.add(port);
        return port;
      }
    }
    throw new AssertionError("no free port from " + FIRST + " to " + LAST);
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
