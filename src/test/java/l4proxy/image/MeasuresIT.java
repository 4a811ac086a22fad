package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the program may cost: time to start, room on disk, memory. */
@Timeout(150)
final class MeasuresIT {
  private static final int RUNS = 10;
  private static final double STARTS_OF_JAVA = 2.5;
  private static final long IMAGE_BYTES = 70L * 1024 * 1024;
  private static final long IDLE_BYTES = 70L * 1024 * 1024;

  /** The JVM gives what its compilers used back within seconds, not at once. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  private static final Duration SETTLED = Duration.ofSeconds(30);

  @TempDir private Path directory;

  private long timed(String... command) throws IOException, InterruptedException {
    long began = System.nanoTime();
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertEquals(0, process.waitFor());
    return System.nanoTime() - began;
  }

  private static long median(List<Long> all) {
    Collections.sort(all);
    return (all.get(all.size() / 2) + all.get((all.size() - 1) / 2)) / 2;
  }

  @Test
  void versionIsPrinted() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      String line = Account.only(account.l4proxy("--version"));
      assertTrue(line.matches("l4proxy [0-9]+\\.[0-9]+\\.[0-9]+"), line);
      assertEquals(List.of(), account.programs().getLast().err().all());
    }
  }

  @Test
  void versionTakesLittleLongerThanJavasOwn() throws IOException, InterruptedException {
    String java = Account.image().resolve("bin/java").toString();
    timed(Account.launcher(), "--version");
    timed(java, "--version");
    List<Long> ours = new ArrayList<>();
    List<Long> javas = new ArrayList<>();
    for (int i = 0; i < RUNS; i++) { // by turns, so that a busy machine is busy for both
      ours.add(timed(Account.launcher(), "--version"));
      javas.add(timed(java, "--version"));
    }
    Figures.print("l4proxy --version, median", median(ours));
    Figures.print("java --version, median", median(javas));
    double ratio = (double) median(ours) / median(javas);
    System.out.printf("FIGURE: start ratio: %.2f%n", ratio);
    assertTrue(ratio <= STARTS_OF_JAVA, "l4proxy takes " + ratio + " times as long");
  }

  @Test
  void imageIsSmall() throws IOException {
    long bytes;
    try (Stream<Path> files = Files.walk(Account.image())) {
      bytes = files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
    Figures.bytes("image", bytes);
    assertTrue(bytes <= IMAGE_BYTES, bytes + " bytes");
  }

  @Test
  void idleServerAndClientAreSmall() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      account.server().terminate(); // the first start makes keys, which is not idling
      account.programs().getLast().exit();
      Program server = account.server();
      Program client = account.client(backend.port());
      Users.isServed(Account.publicPort(client));
      isSmall("idle server", server);
      isSmall("idle client", client);
    }
  }

  /**
   * For reads and for writes as many as few carriers are; of itself the JDK starts twice as many.
   */
  @Test
  void pollersAreAsFewAsCarriers() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      Program client = account.client(backend.port());
      Users.isServed(Account.publicPort(client));
      int carriers = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
      for (Program end : List.of(server, client)) {
        List<String> dump = new ProcFiles(end.pid()).threadDump();
        assertEquals(
            2 * Integer.highestOneBit(carriers),
            dump.stream().filter(line -> line.contains("\"SubPoller-")).count());
      }
    }
  }

  @Test
  void serverAfterItsFirstStartIsSmallToo() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      Program first = account.startServer();
      first.awaitErr(" ready; l4proxy ");
      isSmall("idle server after its first start", first);
    }
  }

  /** It settles to less than the limit. */
  private static void isSmall(String what, Program program) {
    try {
      await()
          .atMost(SETTLED)
          .pollDelay(IDLE)
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> program.isAlive() && program.resident() <= IDLE_BYTES);
    } finally {
      Figures.bytes(what + ", VmRSS", program.resident());
    }
  }
}
