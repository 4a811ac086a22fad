package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Transfers run while something is gone for a while: those whose tunnels survive lose no byte, the
 * others end in a reset at both ends.
 */
@Tag("beside")
@Timeout(300)
final class OutagesIT {
  private static final int TRANSFERS = 20;
  private static final Duration PAUSE = Duration.ofMillis(250);

  @TempDir private Path directory;

  private Transfers transfers;

  @BeforeEach
  void prepare(TestInfo test) {
    transfers = new Transfers(test.getDisplayName(), 110, PAUSE);
  }

  /** What breaks, or heals. */
  @FunctionalInterface
  private interface Step {
    void take(Home home, Program server, Program client) throws IOException, InterruptedException;
  }

  private int survive(Duration outage, Duration givenUp, Step breaks, Step heals)
      throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory);
        Transfers ended = transfers) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home, transfers::serve);
      Program server = deployment.startServer();
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      for (int i = 0; i < TRANSFERS; i++) {
        transfers.start(deployment.user(port));
      }
      transfers.awaitAtBackend();
      Recovery recovery = new Recovery(server, client);
      breaks.take(home, server, client);
      long broken = System.nanoTime();
      Faults.lasts(outage);
      long healed = System.nanoTime();
      heals.take(home, server, client);
      if (outage.toSeconds() > 15) {
        Faults.within("back after an outage", recovery.back() - healed, Faults.BACK);
      }
      int whole = transfers.areWholeOrReset(Duration.ofSeconds(120), broken, givenUp);
      deployment.awaitSettled(home, port);
      return whole;
    }
  }

  @Test
  void transfersOutliveACableThatIsOutForAMoment() throws IOException, InterruptedException {
    int whole =
        survive(
            Duration.ofSeconds(8),
            Faults.GIVEN_UP,
            (home, server, client) -> home.link().cut(),
            (home, server, client) -> home.link().heal());
    assertEquals(TRANSFERS, whole);
  }

  @Test
  void transfersEndCleanlyOrInAResetWhenTheCableIsOutForLong()
      throws IOException, InterruptedException {
    survive(
        Duration.ofSeconds(20),
        Faults.GIVEN_UP,
        (home, server, client) -> home.link().cut(),
        (home, server, client) -> home.link().heal());
  }

  @ParameterizedTest(name = "is the server stopped: {0}")
  @ValueSource(booleans = {true, false})
  void transfersEndCleanlyOrInAResetWhenOneSideIsStopped(boolean isServer)
      throws IOException, InterruptedException {
    Duration stopped = Duration.ofSeconds(30);
    survive(
        stopped,
        stopped.plus(Faults.SLACK), // the stopped side cannot reset anything before
        (home, server, client) -> (isServer ? server : client).signal("STOP"),
        (home, server, client) -> (isServer ? server : client).signal("CONT"));
  }

  @Test
  void transfersEndInAResetWhenTheServerIsKilled() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory);
        Transfers ended = transfers) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home, transfers::serve);
      Program server = deployment.startServer();
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      for (int i = 0; i < TRANSFERS; i++) {
        transfers.start(deployment.user(port));
      }
      transfers.awaitAtBackend();
      Recovery recovery = new Recovery(server, client);
      server.kill();
      long killed = System.nanoTime();
      server.exit();
      recovery.clientKnows();
      Program again = deployment.startServer();
      long ready = System.nanoTime();
      Faults.within("back after kill -9 of the server", recovery.back() - ready, Faults.BACK);
      assertEquals(0, transfers.areWholeOrReset(Faults.PATIENCE, killed, Faults.SLACK));
      deployment.awaitSettled(home, port);
      assertTrue(again.isAlive());
      assertEquals(1, client.out().all().size(), client.said());
    }
  }
}
