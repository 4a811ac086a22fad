package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The seed's two lines as they stand, on the default ports, with a free port for sshd's 22: ssh and
 * scp through them.
 */
@Timeout(240)
final class SeedLinesIT {
  private static final int CONTROL = 2222;
  private static final int API = 2223;
  private static final long SIZE = 200L * 1024 * 1024;

  @TempDir private static Path directory;
  @AutoClose private static Sshd sshd;
  @AutoClose private static Account account;
  private static Program server;
  private static Program client;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    if (!FreePorts.isFree(CONTROL) || !FreePorts.isFree(API)) {
      Tools.skip("the default ports " + CONTROL + " and " + API + " are not both free");
    }
    sshd = new Sshd(directory);
    account = new Account(directory.resolve("account"));
    server = account.l4proxy("server", "--host", "127.0.0.1");
    server.awaitErr(" ready; ");
    client =
        account.l4proxy(
            "client", "--svr_addr", "127.0.0.1", "127.0.0.1", String.valueOf(sshd.port()));
    client.awaitOut("PUBLIC ADDRESS");
  }

  private static int port() throws InterruptedException {
    return Account.publicPort(client);
  }

  @Test
  void clientPrintsItsPublicAddressAndNothingElse() {
    List<String> printed = client.out().all();
    assertEquals(1, printed.size(), client.said());
    assertTrue(
        printed.getFirst().matches("PUBLIC ADDRESS: 127\\.0\\.0\\.1:[0-9]{4,5}"), client.said());
  }

  @Test
  void sshLogsInAndRunsACommand() throws IOException, InterruptedException {
    String said =
        sshd.run(
            "ssh", "-p", port(), Sshd.user() + "@127.0.0.1", "echo $((6 * 7)) $SSH_CONNECTION");
    assertTrue(said.startsWith("42 127.0.0.1 "), said);
    assertTrue(said.endsWith(" 127.0.0.1 " + sshd.port()), said);
  }

  @Test
  void twoHundredMegabytesByScpAreTheSameThereAndBack() throws IOException, InterruptedException {
    Path sent = Content.file(directory.resolve("sent"), SIZE, 1);
    Path there = directory.resolve("there");
    Path back = directory.resolve("back");
    String remote = Sshd.user() + "@127.0.0.1:" + there;
    long began = System.nanoTime();
    sshd.run("scp", "-P", port(), sent.toString(), remote);
    long arrived = System.nanoTime();
    sshd.run("scp", "-P", port(), remote, back.toString());
    Figures.print("scp of 200 MB to the backend", arrived - began);
    Figures.print("scp of 200 MB from the backend", System.nanoTime() - arrived);
    String sum = Content.sha256(sent);
    assertEquals(sum, Content.sha256(there));
    assertEquals(sum, Content.sha256(back));
  }
}
