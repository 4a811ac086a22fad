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
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real iperf3 server on loopback, and runs of its client against any port. */
final class Iperf3 implements AutoCloseable {
  /** Said while the server has not seen the end of the run before. */
  private static final String BUSY = "the server is busy running a test";

  private static final Pattern SECOND = Pattern.compile(" ([0-9.]+) Kbits/sec");

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
    JsonObject result = json(command);
    for (int i = 0; i < 20 && result.toString().contains(BUSY); i++) {
      LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
      result = json(command);
    }
    assertFalse(result.has("error"), result.toString());
    return result.getAsJsonObject("end");
  }

  private JsonObject json(List<String> command) throws IOException, InterruptedException {
    return JsonParser.parseString(
            Program.run(directory, Duration.ofSeconds(30), command.toArray(String[]::new)))
        .getAsJsonObject();
  }

  /** Starts a run at a steady rate, which says each second how it goes. */
  Program start(int port, int seconds, String rate, String... words) throws IOException {
    List<String> command =
        new ArrayList<>(List.of(Tools.require("iperf3"), "-c", "127.0.0.1", "--forceflush"));
    command.addAll(List.of("-p", String.valueOf(port), "-t", String.valueOf(seconds), "-b", rate));
    command.addAll(List.of("-f", "k"));
    command.addAll(Arrays.asList(words));
    return Program.start(directory, command.toArray(String[]::new));
  }

  /** What this end of such a run, which goes on, says of the last five seconds. */
  static double bytesASecond(Program run) {
    List<Double> seconds =
        run.out().all().stream()
            .map(SECOND::matcher)
            .filter(Matcher::find)
            .map(found -> Double.parseDouble(found.group(1)) * 1000 / 8)
            .toList();
    return seconds.subList(Math.max(0, seconds.size() - 5), seconds.size()).stream()
        .mapToDouble(Double::doubleValue)
        .average()
        .orElseThrow(() -> new AssertionError("no second of it" + run.said()));
  }

  @Override
  public void close() {
    program.close();
  }
}
