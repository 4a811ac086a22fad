package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** iperf3 runs through the proxy, in each direction and with many streams. */
@Timeout(150)
final class Iperf3IT {
  private static final long SOMETHING = 1_000_000;

  @TempDir private static Path directory;
  @AutoClose private static Iperf3 iperf3;
  @AutoClose private static Account account;
  private static int port;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    iperf3 = new Iperf3(directory);
    account = new Account(directory.resolve("account"));
    account.server();
    port = Account.publicPort(account.client(iperf3.port()));
  }

  private static void moved(String what, JsonObject end, int streams) {
    JsonObject received = end.getAsJsonObject("sum_received");
    System.out.printf(
        "FIGURE: iperf3 %s: %.2f Gbit/s%n",
        what, received.get("bits_per_second").getAsDouble() / 1e9);
    assertTrue(received.get("bytes").getAsLong() > SOMETHING, end.toString());
    assertEquals(streams, end.getAsJsonArray("streams").size());
    end.getAsJsonArray("streams")
        .forEach(each ->
            assertTrue(
                each.getAsJsonObject().getAsJsonObject("receiver").get("bytes").getAsLong() > 0,
                each.toString()));
  }

  @Test
  void iperf3SendsToTheBackend() throws IOException, InterruptedException {
    moved("forward", iperf3.run(port), 1);
  }

  @Test
  void iperf3ReceivesFromTheBackend() throws IOException, InterruptedException {
    moved("reverse", iperf3.run(port, "-R"), 1);
  }

  @Test
  void iperf3SendsEightStreams() throws IOException, InterruptedException {
    moved("8 streams", iperf3.run(port, "-P", "8"), 8);
  }

  @Test
  void iperf3ReceivesEightStreams() throws IOException, InterruptedException {
    moved("8 streams reverse", iperf3.run(port, "-P", "8", "-R"), 8);
  }
}
