package l4proxy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import l4proxy.auth.AuthWrites;
import l4proxy.auth.StateDirectory;
import l4proxy.client.InstanceWrites;
import l4proxy.server.LeaseWrites;

/** A process that changes all state files at once, and says what is done, until it is killed. */
final class StateWriter {
  private StateWriter() {}

  /** What writes, by a word for it. */
  static Map<String, StateWrites> all(StateDirectory state, Path directory) {
    Map<String, StateWrites> all = new LinkedHashMap<>();
    all.put("keys", AuthWrites.keys(state));
    all.put("leases", new LeaseWrites(state));
    all.put("credentials", AuthWrites.credentials(directory.resolve("config/credentials.json")));
    all.put("instances", new InstanceWrites(directory.resolve("client")));
    return all;
  }

  /** DIRECTORY ROUND: begins with that round. */
  public static void main(String[] words) throws Exception {
    Path directory = Path.of(words[0]);
    int first = Integer.parseInt(words[1]);
    try (StateDirectory state = StateDirectory.open(directory.resolve("server"))) {
      AuthWrites.checkIdentity(state);
      for (Map.Entry<String, StateWrites> each : all(state, directory).entrySet()) {
        Thread.ofPlatform()
            .name(each.getKey())
            .start(() -> {
              try {
                for (int round = first; ; round++) {
                  String done = each.getKey() + " " + round + " " + each.getValue().write(round);
                  System.out.println(done);
                }
              } catch (IOException | RuntimeException e) {
                System.out.println("failed " + each.getKey() + " " + e);
              }
            });
      }
      Thread.sleep(60_000); // long after it was killed
    }
  }
}
