package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client far from its server: nothing is lost, nobody waits for more than the way itself. */
@Tag("beside")
@Timeout(300)
final class SlowLinkIT {
  private static final Duration WAY = Duration.ofMillis(25);
  private static final int TRANSFERS = 6;
  private static final int PIECES = 16;
  private static final int USERS = 8;

  /** A user costs one; what dialled first would cost another for each step of that. */
  private static final int ROUND_TRIPS = 3;

  @TempDir private Path directory;

  private static void areWhole(Transfers transfers, Deployment deployment, int port, Step meanwhile)
      throws IOException, InterruptedException {
    for (int i = 0; i < TRANSFERS; i++) {
      transfers.start(deployment.user(port));
    }
    meanwhile.take();
    long now = System.nanoTime();
    assertEquals(TRANSFERS, transfers.areWholeOrReset(Faults.PATIENCE, now, Faults.PATIENCE));
  }

  /** What happens while transfers run. */
  @FunctionalInterface
  private interface Step {
    void take() throws IOException, InterruptedException;
  }

  /** Waits until the list of clients has a round trip between these. */
  private static void awaitRoundTrip(Deployment deployment, Duration least, Duration most) {
    await()
        .atMost(Faults.PATIENCE)
        .pollInterval(Duration.ofMillis(100))
        .until(
            () ->
                deployment
                    .api("/v1/clients")
                    .getAsJsonArray("clients")
                    .get(0)
                    .getAsJsonObject()
                    .get("rttMillis")
                    .getAsDouble(),
            millis -> millis >= least.toMillis() && millis <= most.toMillis());
  }

  private static void stayed(Program client) {
    assertEquals(1, client.err().count(" connected to server"), client.said());
  }

  @Test
  void userNearTheServerWaitsForOneRoundTrip() throws IOException, InterruptedException {
    Home.cannotBeSlow().ifPresent(Tools::skip);
    Transfers transfers = new Transfers("far client", PIECES, Duration.ofMillis(10));
    try (Deployment deployment = new Deployment(directory);
        transfers) {
      Home home = deployment.lab().first();
      home.slow(WAY);
      EchoBackend echo = deployment.backend(home);
      EchoBackend other = deployment.backend(home, transfers::serve);
      deployment.startServer();
      Program asked = deployment.startClient(home, echo);
      int port = Deployment.publicPort(asked);
      deployment.isServed(port);
      long best = Long.MAX_VALUE;
      for (int i = 0; i < USERS; i++) {
        long began = System.nanoTime();
        deployment.isServed(port);
        best = Math.min(best, System.nanoTime() - began);
      }
      Faults.within("user of a far client served", best, 2 * ROUND_TRIPS * WAY.toNanos() / 1e9);
      assertTrue(best >= 2 * WAY.toNanos(), "the link is not slow: " + best / 1e6 + " ms");
      awaitRoundTrip(deployment, Duration.ofMillis(40), Duration.ofMillis(400));
      stayed(asked);
      Program client = deployment.startClient(home, other);
      areWhole(transfers, deployment, Deployment.publicPort(client), () -> {});
      stayed(asked);
      stayed(client);
    }
  }

  @Test
  void transfersOutliveALinkThatGetsSlow() throws IOException, InterruptedException {
    Home.cannotBeSlow().ifPresent(Tools::skip);
    Transfers transfers = new Transfers("link that gets slow", PIECES, Duration.ofMillis(200));
    try (Deployment deployment = new Deployment(directory);
        transfers) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home, transfers::serve);
      deployment.startServer();
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      areWhole(
          transfers,
          deployment,
          port,
          () -> {
            transfers.awaitAtBackend();
            home.slow(WAY);
            Faults.lasts(Duration.ofSeconds(1));
            home.slow(WAY.multipliedBy(4));
          });
      awaitRoundTrip(deployment, WAY.multipliedBy(8), Duration.ofSeconds(5));
      deployment.awaitSettled(home, port);
      stayed(client);
    }
  }
}
