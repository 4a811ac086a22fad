package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A link that loses packets makes transfers slow, and never wrong. */
@Tag("beside")
@Timeout(300)
final class LossIT {
  private static final int TRANSFERS = 6;
  private static final Duration PATIENCE = Duration.ofSeconds(180);
  private static final int TOO_MUCH = 20;

  @TempDir private Path directory;

  @ParameterizedTest
  @CsvSource({"1, 64", "5, 32", "20, 4"})
  void transfersAreWholeOverALossyLink(int percent, int pieces)
      throws IOException, InterruptedException {
    Transfers transfers =
        new Transfers(percent + " % loss", Faults.longOr(4, 1) * pieces, Duration.ofMillis(10));
    try (Deployment deployment = new Deployment(directory);
        transfers) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home, transfers::serve);
      deployment.startServer();
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      home.link().lose(percent);
      long began = System.nanoTime();
      for (int i = 0; i < TRANSFERS; i++) {
        transfers.start(deployment.user(port));
      }
      if (percent < TOO_MUCH) {
        transfers.awaitAtBackend();
      }
      int whole = transfers.areWholeOrReset(PATIENCE, began, PATIENCE);
      String what = percent + " % loss";
      Figures.print(what + ": all over after", System.nanoTime() - began);
      assertTrue(home.link().lost() > 0, "nothing was lost");
      home.link().heal();
      deployment.awaitSettled(home, port);
      if (percent < TOO_MUCH) {
        assertEquals(TRANSFERS, whole);
        assertEquals(1, client.err().count(" connected to server"), client.said());
      }
    }
  }
}
