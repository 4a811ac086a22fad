package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.function.IntPredicate;
import l4proxy.net.PortRanges;
import l4proxy.net.Sockets;
import org.junit.jupiter.api.Test;

/** Ports are drawn from all that may be had, however few those are. */
final class PortsTest {
  private static final PortRanges ALL = PortRanges.parse("1-65535");

  /** Below the ports of the kernel, and of other tests. */
  private static final PortRanges FEW = PortRanges.parse("1500-1999,3000-3499");

  private final Random random = new Random(7);

  /** The port that is drawn; it is free again. */
  private OptionalInt draw(PortRanges allowed, IntPredicate free) throws IOException {
    Ports ports = new Ports("127.0.0.1", allowed, random, Optional.empty());
    Optional<ServerSocket> drawn = ports.draw(free);
    if (drawn.isEmpty()) {
      return OptionalInt.empty();
    }
    try (ServerSocket listener = drawn.get()) {
      return OptionalInt.of(listener.getLocalPort());
    }
  }

  @Test
  void onlyFreePortIsFound() throws IOException {
    int only = draw(FEW, port -> true).orElseThrow();
    assertEquals(OptionalInt.of(only), draw(ALL, port -> port == only));
  }

  @Test
  void portOfAnotherProgramIsPassedOver() throws IOException {
    int only = draw(FEW, port -> true).orElseThrow();
    PortRanges both = PortRanges.parse(only + "," + (only + 1));
    try (ServerSocket taken = Sockets.listen(new InetSocketAddress("127.0.0.1", only + 1))) {
      for (int i = 0; i < 20; i++) {
        assertEquals(OptionalInt.of(only), draw(both, port -> true), taken::toString);
      }
    }
  }

  @Test
  void nothingIsDrawnWhereNothingIsFree() throws IOException {
    assertEquals(OptionalInt.empty(), draw(ALL, port -> false));
  }

  @Test
  void drawsAreSpreadOverWhatIsAllowed() throws IOException {
    Set<Integer> drawn = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      drawn.add(draw(FEW, port -> true).orElseThrow());
    }
    assertTrue(drawn.stream().allMatch(FEW::contains), drawn.toString());
    assertTrue(drawn.size() > 50, drawn.toString());
    assertTrue(drawn.stream().anyMatch(port -> port < 2000), drawn.toString());
    assertTrue(drawn.stream().anyMatch(port -> port >= 3000), drawn.toString());
  }
}
