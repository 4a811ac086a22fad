package l4proxy.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Runs commands as a user whose home is a directory of the test's. Commands that go on end with
 * {@link #close()}.
 */
final class TestShell implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 20;

  final Map<String, String> environment = new HashMap<>();
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final CountDownLatch stop = new CountDownLatch(1);
  private Optional<String> answer = Optional.empty();
  private volatile boolean full;
  private volatile Runnable onHangup = () -> {};

  TestShell(Path home) throws IOException {
    environment.put("TMPDIR", Files.createDirectories(home.resolve("tmp")).toString());
    environment.put("HOME", home.toString());
    environment.put("XDG_CONFIG_HOME", home.resolve("config").toString());
    environment.put("XDG_STATE_HOME", home.resolve("state").toString());
    environment.put("L4PROXY_STATE_DIR", home.resolve("l4proxy").toString());
  }

  /** Somebody sits at the terminal. */
  void answers(String secret) {
    answer = Optional.of(secret);
  }

  /** Stdout takes nothing any more, as on a full disk. */
  void fills() {
    full = true;
  }

  Shell shell() {
    return new Shell(
        environment,
        new PrintStream(new Lines(), true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        question -> answer,
        () -> signals);
  }

  private final Stop signals =
      new Stop() {
        @Override
        public void await() throws InterruptedException {
          stop.await();
        }

        @Override
        public void end() {
          stop.countDown();
        }

        @Override
        public void onHangup(Runnable action) {
          onHangup = action;
        }
      };

  /** Runs a command to its end; returns the exit code. */
  int run(String... words) {
    return Cli.run(Arrays.asList(words), shell());
  }

  /** Starts a command; the future is its exit code. */
  CompletableFuture<Integer> start(String... words) {
    CompletableFuture<Integer> code = new CompletableFuture<>();
    Thread.ofVirtual().name("command " + words[0]).start(() -> code.complete(run(words)));
    return code;
  }

  /** What SIGTERM does. */
  void terminate() {
    stop.countDown();
  }

  /** What SIGHUP does; returns when it is done. */
  void hangUp() {
    onHangup.run();
  }

  /** The next line on stdout, waited for. */
  String line() throws InterruptedException {
    String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (line == null) {
      throw new IllegalStateException("no line on stdout in time; stderr: " + err());
    }
    return line;
  }

  /** What else is on stdout now. */
  List<String> rest() {
    List<String> rest = new ArrayList<>();
    lines.drainTo(rest);
    return rest;
  }

  /** All of stderr so far. */
  String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    terminate();
  }

  /** Takes stdout apart. */
  private final class Lines extends OutputStream {
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    @Override
    public synchronized void write(int b) throws IOException {
      if (full) {
        throw new IOException("No space left on device");
      }
      if (b == '\n') {
        lines.add(line.toString(StandardCharsets.UTF_8));
        line.reset();
      } else {
        line.write(b);
      }
    }
  }
}
