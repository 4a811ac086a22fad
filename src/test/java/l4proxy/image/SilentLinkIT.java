package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The link loses everything and says nothing, heals, and does so again. */
@Tag("beside")
@Timeout(600)
final class SilentLinkIT {
  /** The healing comes at another moment of the client's attempts each time. */
  private static final Duration LATER = Duration.ofMillis(700);

  @TempDir private Path directory;

  @Test
  void deadLinkIsNoticedAndTheClientIsBackEachTime() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = deployment.startServer();
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      deployment.isServed(port);
      for (int round = 1; round <= Faults.longOr(10, 3); round++) {
        Recovery recovery = new Recovery(server, client);
        home.link().blackHole();
        long cut = System.nanoTime();
        long clientKnew = recovery.clientKnows();
        long serverKnew = recovery.serverKnows();
        Faults.lasts(LATER.multipliedBy(round - 1));
        long healed = System.nanoTime();
        home.link().heal();
        long back = recovery.back();
        deployment.awaitServed(port, Faults.PATIENCE);
        String which = "black hole " + round + ": ";
        Faults.within(which + "noticed by the client", clientKnew - cut, Faults.NOTICED);
        Faults.within(which + "noticed by the server", serverKnew - cut, Faults.NOTICED);
        Faults.within(which + "client back after the healing", back - healed, Faults.BACK);
        deployment.awaitSettled(home, port);
        Figures.print(which + "nothing left over after", System.nanoTime() - healed);
      }
      assertEquals(1, client.out().all().size(), client.said());
    }
  }
}
