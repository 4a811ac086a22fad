package l4proxy.lab;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Short commands of the machine that set a network up. */
final class Commands {
  private static final int SECONDS = 20;

  private Commands() {}

  /** Runs one to its end with this on stdin; what it printed, if its exit code was 0. */
  static String run(String input, List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).start();
    try (var out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    }
    String said = text(process.getInputStream());
    String complaint = text(process.getErrorStream());
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(String.join(" ", command) + " does not end");
    }
    if (process.exitValue() != 0) {
      throw new IOException(String.join(" ", command) + ": " + complaint.strip());
    }
    return said;
  }

  private static String text(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  static String run(String... command) throws IOException, InterruptedException {
    return run("", List.of(command));
  }
}
