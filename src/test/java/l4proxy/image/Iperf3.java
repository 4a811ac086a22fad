package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A real iperf3 server on loopback, and runs of its client against any port. */
final class Iperf3 implements AutoCloseable {
  private final Path directory;
  private final int port = FreePorts.next();
  private final Program program;

  Iperf3(Path directory) throws IOException, InterruptedException {
    this.directory = directory;
    program =
        Program.start(
            directory,
            Tools.require("iperf3"),
            "-s",
            "-B",
            "127.0.0.1",
            "-p",
            String.valueOf(port),
            "--forceflush");
    try {
      program.awaitOut("Server listening on " + port);
    } catch (AssertionError e) {
      program.close();
      throw e;
    }
  }

  int port() {
    return port;
  }

  /** Runs for two seconds; the sums of what was sent and received. */
  JsonObject run(int port, String... words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Tools.require("iperf3"),
                "-c",
                "127.0.0.1",
                "-p",
                String.valueOf(port),
                "-t",
                "2",
                "-J"));
    command.addAll(Arrays.asList(words));
    String json = Program.run(directory, Duration.ofSeconds(30), command.toArray(String[]::new));
    JsonObject result = JsonParser.parseString(json).getAsJsonObject();
    assertFalse(result.has("error"), json);
    return result.getAsJsonObject("end");
  }

  @Override
  public void close() {
    program.close();
  }
}
