package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class HealthCommandTest {
  /** Whether a container is taken for a server's that was started with these words. */
  private static boolean isServer(String... words) {
    List<String> all = new ArrayList<>(List.of("-XX:MaxRAMPercentage=50", "-m"));
    all.add("l4proxy/l4proxy.Main");
    all.addAll(Arrays.asList(words));
    return HealthCommand.isServer(all);
  }

  @Test
  void serverIsAsked() {
    assertTrue(isServer("server", "--host", "client"));
  }

  @Test
  void whatIsNoServerIsNotAskedWhateverItsServerIsCalled() {
    assertFalse(isServer("client", "--svr_addr", "server", "web", "80"));
    assertFalse(isServer("redirect", "--svr_addr", "server", "--display", "web"));
  }

  @Test
  void whatHidesItsWordsMayBeAServer() {
    assertTrue(HealthCommand.isServer(List.of("-c", "start-it")));
    assertTrue(HealthCommand.isServer(List.of()));
    assertTrue(isServer());
  }
}
