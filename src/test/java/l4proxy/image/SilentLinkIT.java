package l4proxy.image;

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

/** The link loses everything and says nothing, heals, and does so again. */
@Tag("lab")
@Timeout(600)
final class SilentLinkIT {
  private static final String LOST = "no connection to server";
  private static final String CONNECTED = "connected to server";
  private static final String GONE = "client \\S+ is gone";

  @TempDir private Path directory;

  @Test
  void deadLinkIsNoticedAndTheClientIsBackEachTime() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = deployment.startServer();
      Program client = deployment.startClient(home, backend);
      int port = Account.publicPort(client);
      deployment.isServed(port);
      for (int round = 1; round <= Faults.longOr(10, 3); round++) {
        int lost = (int) client.err().count(LOST);
        int connected = (int) client.err().count(" " + CONNECTED);
        int gone = (int) server.err().count(GONE);
        home.link().blackHole();
        long cut = System.nanoTime();
        long clientKnew = client.await(client.err(), LOST, lost, Faults.PATIENCE).at();
        long serverKnew = server.await(server.err(), GONE, gone, Faults.PATIENCE).at();
        home.link().heal();
        long healed = System.nanoTime();
        long back = client.await(client.err(), " " + CONNECTED, connected, Faults.PATIENCE).at();
        deployment.awaitServed(port, Faults.PATIENCE);
        String which = "black hole " + round + ": ";
        Faults.within(which + "noticed by the client", clientKnew - cut, Faults.NOTICED);
        Faults.within(which + "noticed by the server", serverKnew - cut, Faults.NOTICED);
        Faults.within(which + "client back after the healing", back - healed, Faults.BACK);
        deployment.awaitSettled(home, port, 0, Duration.ofSeconds(40));
        Figures.print(which + "nothing left over after", System.nanoTime() - healed);
      }
      assertEquals(1, client.out().all().size(), client.said());
      assertTrue(server.isAlive() && client.isAlive());
    }
  }
}
