package l4proxy.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import l4proxy.auth.Identity;
import l4proxy.auth.StateDirectory;

/**
 * Identities for servers that live for seconds: to make one is half of what a first start costs.
 * The accounts of one thread, so of one test, get different ones in turn.
 */
final class Identities {
  private static final int COUNT = 4;
  private static final String FILE = "identity.pem";
  private static final List<String> MADE = new ArrayList<>();
  private static final ThreadLocal<Integer> TURN = ThreadLocal.withInitial(() -> 0);

  private Identities() {}

  /** Gives one to a server that is to start with this state directory for the first time. */
  static void give(Path state) throws IOException {
    if (!Files.exists(state)) {
      int turn = TURN.get();
      TURN.set((turn + 1) % COUNT);
      try (StateDirectory directory = StateDirectory.open(state)) {
        directory.write(FILE, made(turn));
      }
    }
  }

  private static synchronized String made(int number) throws IOException {
    while (MADE.size() <= number) {
      Path directory = Files.createTempDirectory("l4proxy-identity");
      try (StateDirectory state = StateDirectory.open(directory)) {
        Identity.open(state);
        MADE.add(state.read(FILE).orElseThrow());
      } finally {
        try (var files = Files.list(directory)) {
          for (Path each : files.toList()) {
            Files.delete(each);
          }
        }
        Files.delete(directory);
      }
    }
    return MADE.get(number);
  }
}
