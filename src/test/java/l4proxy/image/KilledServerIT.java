package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import l4proxy.EchoBackend;
import l4proxy.auth.Identity;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.net.HostPort;
import l4proxy.server.LeaseWrites;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} of a server at random moments while keys are created and revoked and clients come
 * and go: the next one can read the state, and has every change that was answered. 8 times; {@code
 * -Plab-long} 200 times, {@code -Dseed=N} at the same moments.
 */
@Tag("beside")
@Timeout(1200)
final class KilledServerIT {
  private static final int KILLS = Faults.longOr(200, 8);
  private static final int LONGEST_MILLIS = 400;

  /** Every so many rounds the kill does not wait for the first answer: the server starts yet. */
  private static final int AT_START = 4;

  @TempDir private Path directory;

  /** Keys whose creation was answered and whose end nobody asked for, and those that are over. */
  private final Map<String, JoinKey> kept = new HashMap<>();

  private final Map<String, JoinKey> revoked = new HashMap<>();

  @Test
  void whatWasAnsweredOutlivesEveryKill() throws IOException, InterruptedException {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      JoinKey admin = JoinKey.parse(account.rememberedKey());
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      for (int kill = 1; kill <= KILLS; kill++) {
        String what = "kill " + kill + " of seed " + seed;
        if (kill > 1) {
          server = account.startServer();
        }
        boolean begins = kill % AT_START != 0;
        killWhileItChanges(
            server, account.control(), admin, kill, begins, random.nextInt(LONGEST_MILLIS));
        allIsThere(what, account.state());
      }
      server = account.server();
      Users.awaitServed(port, Faults.PATIENCE);
      assertEquals(1, client.out().all().size(), "another public port" + client.said());
      assertTrue(server.isAlive(), server.said());
    }
    System.out.printf(
        "FIGURE: %d kills, %d keys, %d revoked, seed %d%n",
        KILLS, kept.size(), revoked.size(), seed);
    assertTrue(kept.size() >= KILLS - KILLS / AT_START, "only " + kept.size() + " keys");
  }

  private void killWhileItChanges(
      Program server, String control, JoinKey admin, int round, boolean begins, int millis)
      throws InterruptedException {
    List<StateChanges> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      all.add(new StateChanges(HostPort.parse(control, -1), admin, "k" + round + "-" + i));
    }
    try {
      if (begins) {
        all.getFirst().awaitBegun();
      }
      TimeUnit.MILLISECONDS.sleep(millis);
      server.kill();
      server.exit();
    } finally {
      all.forEach(StateChanges::close);
    }
    for (StateChanges each : all) {
      kept.putAll(each.kept());
      revoked.putAll(each.revoked());
    }
  }

  private void allIsThere(String what, Path path) throws IOException {
    try (StateDirectory state = StateDirectory.open(path)) {
      Keys keys = Keys.open(state, Identity.open(state).pin());
      kept.forEach((name, key) ->
          assertTrue(keys.find(key.secret()).isPresent(), () -> what + ": " + name + " is lost"));
      revoked.forEach((name, key) ->
          assertFalse(keys.find(key.secret()).isPresent(), () -> what + ": " + name + " is back"));
      new LeaseWrites(state).has("none"); // reads them
    }
  }
}
