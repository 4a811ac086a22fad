package l4proxy;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import l4proxy.auth.AuthWrites;
import l4proxy.auth.Identity;
import l4proxy.auth.Keys;
import l4proxy.auth.Pin;
import l4proxy.auth.StateDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} at random moments while keys, leases, credentials and instance ids are written:
 * whatever a process said was done is there afterwards, all files can be read, none is empty. 6
 * times; {@code -Dkills=200} more often, {@code -Dseed=N} at the same moments.
 */
final class KilledWritersTest {
  private static final int KILLS = Integer.getInteger("kills", 6);
  private static final int LONGEST_MILLIS = 400;

  @TempDir Path directory;

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void nothingThatWasWrittenIsLostByAKill() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    try (StateDirectory state = StateDirectory.open(directory.resolve("server"))) {
      Identity.open(state);
      Keys.open(state, new Pin("A".repeat(43)));
    }
    int round = 1;
    long writes = 0;
    Map<String, String> last = new HashMap<>();
    for (int kill = 1; kill <= KILLS; kill++) {
      String what = "kill " + kill + " of seed " + seed;
      Map<String, Integer> done = writeUntilKilled(round, random.nextInt(LONGEST_MILLIS), last);
      writes += done.values().stream().mapToInt(Integer::intValue).sum();
      round += done.values().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
      allIsThere(what, last);
    }
    System.out.println(KILLS + " kills within " + writes + " writes, seed " + seed);
    assertTrue(writes >= KILLS, "only " + writes + " writes");
  }

  /** One process, killed; how many changes of each kind it made, of which the last is kept. */
  private Map<String, Integer> writeUntilKilled(int round, int millis, Map<String, String> last)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-preview",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                StateWriter.class.getName(),
                directory.toString(),
                String.valueOf(round))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Map<String, Integer> done = new HashMap<>();
    try (BufferedReader said = process.inputReader()) {
      note(said.readLine(), done, last); // it has begun
      Thread killer =
          Thread.ofVirtual()
              .name("test killer")
              .start(() -> {
                try {
                  TimeUnit.MILLISECONDS.sleep(millis);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                process.toHandle().destroyForcibly(); // which leaves what it said to be read
              });
      // a line cut off is no promise
      StringBuilder line = new StringBuilder();
      for (int c = said.read(); c >= 0; c = said.read()) {
        if (c == '\n') {
          note(line.toString(), done, last);
          line.setLength(0);
        } else {
          line.append((char) c);
        }
      }
      killer.join();
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
    return done;
  }

  private static void note(String line, Map<String, Integer> done, Map<String, String> last) {
    String[] words = String.valueOf(line).split(" ", 3);
    assertTrue(words.length == 3 && !words[0].equals("failed"), line);
    done.merge(words[0], 1, Integer::sum);
    last.put(words[0], words[2]);
  }

  private void allIsThere(String what, Map<String, String> last) throws IOException {
    try (StateDirectory state = StateDirectory.open(directory.resolve("server"))) {
      AuthWrites.checkIdentity(state);
      Map<String, StateWrites> all = StateWriter.all(state, directory);
      for (Map.Entry<String, String> each : last.entrySet()) {
        assertTrue(
            all.get(each.getKey()).has(each.getValue()),
            () -> what + ": " + each.getKey() + " " + each.getValue() + " is lost");
      }
    }
    try (Stream<Path> files = Files.walk(directory)) {
      List<Path> regular = files.filter(Files::isRegularFile).toList();
      for (Path each : regular) {
        String name = each.getFileName().toString();
        boolean temporary = name.endsWith(".l4proxy-tmp"); // removed with the next change
        if (!name.endsWith("lock") && !temporary) {
          assertFalse(Files.size(each) == 0, what + ": " + each + " is empty");
        }
      }
    }
  }
}
