package l4proxy.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * A process that a test started. {@link #close()} ends it, and what it started, if it has not ended
 * by itself.
 */
final class Program implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(45);

  private final String name;
  private final Process process;
  private final long started;
  private final Lines out;
  private final Lines err;

  private Program(String name, ProcessBuilder builder) throws IOException {
    this.name = name;
    this.started = System.nanoTime();
    this.process = builder.start();
    process.getOutputStream().close();
    this.out = new Lines(name + " out", process.getInputStream());
    this.err = new Lines(name + " err", process.getErrorStream());
  }

  /** Starts it with nothing on stdin and this environment alone. */
  static Program start(Path directory, Map<String, String> environment, List<String> command)
      throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    return new Program(Path.of(command.getFirst()).getFileName().toString(), builder);
  }

  /** Starts it in the test's own environment. */
  static Program start(Path directory, String... command) throws IOException {
    return start(directory, System.getenv(), List.of(command));
  }

  /** Runs it to its end, which must be exit code 0; what it printed. */
  static String run(Path directory, Duration time, String... command)
      throws IOException, InterruptedException {
    try (Program program = start(directory, command)) {
      int code = program.exit(time);
      if (code != 0) {
        throw new AssertionError("exit code " + code + program.said());
      }
      return program.out.text();
    }
  }

  long pid() {
    return process.pid();
  }

  /** When it was started: {@link System#nanoTime()}. */
  long started() {
    return started;
  }

  Lines out() {
    return out;
  }

  Lines err() {
    return err;
  }

  /** Waits for a line on stdout that has this in it. */
  Lines.Line awaitOut(String expression) throws InterruptedException {
    return await(out, expression, 0, PATIENCE);
  }

  /** Waits for a line on stderr that has this in it. */
  Lines.Line awaitErr(String expression) throws InterruptedException {
    return await(err, expression, 0, PATIENCE);
  }

  Lines.Line await(Lines lines, String expression, int skip, Duration time)
      throws InterruptedException {
    return lines
        .await(Pattern.compile(expression), skip, time)
        .orElseThrow(() -> new AssertionError("no line with " + expression + " came" + said()));
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** SIGTERM; not by {@link Process#destroy()}, which would close the streams. */
  void terminate() {
    process.toHandle().destroy();
  }

  /** SIGKILL: {@code kill -9}. */
  void kill() {
    process.toHandle().destroyForcibly();
  }

  /** Any other signal, by its name without SIG. */
  void signal(String signal) throws IOException, InterruptedException {
    int code =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(pid()))
            .inheritIO()
            .start()
            .waitFor();
    if (code != 0) {
      throw new AssertionError("kill -" + signal + " " + pid() + " failed");
    }
  }

  int exit() throws InterruptedException {
    return exit(PATIENCE);
  }

  /** Waits for its end; the exit code. Both streams are read to their ends then. */
  int exit(Duration time) throws InterruptedException {
    if (!process.waitFor(time.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("still running after " + time + said());
    }
    out.join();
    err.join();
    return process.exitValue();
  }

  /** What it has in memory, {@code VmRSS}, in bytes. */
  long resident() {
    try {
      return Files.readAllLines(Path.of("/proc", String.valueOf(pid()), "status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no VmRSS" + said()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All that it said, for the message of a failure. */
  String said() {
    return "\n--- "
        + name
        + ", stdout:\n"
        + out.text()
        + "\n--- "
        + name
        + ", stderr:\n"
        + err.text();
  }

  @Override
  public void close() {
    List<ProcessHandle> children = process.descendants().toList();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        throw new AssertionError(name + " survives SIGKILL");
      }
      out.join();
      err.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
