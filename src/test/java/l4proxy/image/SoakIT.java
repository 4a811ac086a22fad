package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import l4proxy.Bytes;
import l4proxy.EchoBackend;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mixed traffic, clients that come and go, and faults, round after round: threads, descriptors and
 * heap are at the end of each round what they were, and no user, tunnel or handshake is left. 10 s;
 * {@code -Dsoak.seconds=3600} for an hour, {@code -Dseed=N} for the same traffic.
 */
@Timeout(value = 70, unit = TimeUnit.MINUTES)
final class SoakIT {
  private static final int SECONDS = Integer.getInteger("soak.seconds", 10);
  private static final int USERS = 12;
  private static final int ROUND_SECONDS = Math.clamp(SECONDS / 4, 4, 120);

  /** What may be more than after the first round: pools, and what the JVM loads late. */
  private static final int MORE_THREADS = 6;

  /**
   * How many threads may carry the virtual ones: there are as many of them as the load asked for,
   * late or early, and the JVM adds one for a while when one of them blocks.
   */
  private static final int MOST_CARRIERS =
      2 * Math.max(4, 2 * Runtime.getRuntime().availableProcessors()) + MORE_THREADS;

  private static final int MORE_DESCRIPTORS = 40;
  private static final long MORE_HEAP_KIB = 12 * 1024;

  @TempDir private Path directory;
  private final AtomicLong served = new AtomicLong();
  private final AtomicLong broken = new AtomicLong();
  private final Queue<AssertionError> failures = new ConcurrentLinkedQueue<>();

  @Test
  void nothingGrowsAndNothingIsLeft() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("soak: seed " + seed);
    Random random = new Random(seed);
    int api = FreePorts.next();
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server("--api_addr", "127.0.0.1:" + api);
      Program steady = account.client(backend.port(), "--client_name", "steady");
      int port = Account.publicPort(steady);
      Watched ofServer = new Watched("server", server);
      Watched ofClient = new Watched("client", steady);
      round(account, backend, port, random); // what is loaded once is loaded then
      quiet(account, api, backend);
      Watched.Figures serverFirst = ofServer.figures();
      Watched.Figures clientFirst = ofClient.figures();
      long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
      do {
        round(account, backend, port, random);
        quiet(account, api, backend);
        if (!failures.isEmpty()) {
          throw failures.remove();
        }
        ofServer.flat(serverFirst);
        ofClient.flat(clientFirst);
      } while (System.nanoTime() < end);
      System.out.printf(
          "FIGURE: soak, %d users served, %d broken by faults%n", served.get(), broken.get());
      assertTrue(served.get() > 100, served + " users");
      assertEquals(0, server.err().count("\tat "), server.said());
      assertEquals(0, steady.err().count("\tat "), steady.said());
    }
  }

  /** Users of all kinds on a client that stays; others on one that is stopped, killed, replaced. */
  private void round(Account account, EchoBackend backend, int port, Random random)
      throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    try (ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < USERS; i++) {
        Random own = new Random(random.nextLong());
        users.submit(() -> come(port, own, over, false));
      }
      long end = System.nanoTime() + Duration.ofSeconds(ROUND_SECONDS).toNanos();
      try {
        while (System.nanoTime() < end) {
          churn(account, backend, random, users);
        }
      } finally {
        over.set(true);
      }
    }
  }

  private void churn(Account account, EchoBackend backend, Random random, ExecutorService users)
      throws Exception {
    Program guest = account.client(backend.port(), "--client_name", "guest");
    AtomicBoolean over = new AtomicBoolean();
    int port = Account.publicPort(guest);
    for (int i = 0; i < USERS / 3; i++) {
      Random own = new Random(random.nextLong());
      users.submit(() -> come(port, own, over, true));
    }
    TimeUnit.MILLISECONDS.sleep(500 + random.nextInt(500));
    switch (random.nextInt(3)) {
      case 0 -> guest.kill();
      case 1 -> guest.terminate();
      default -> {
        guest.signal("STOP");
        TimeUnit.MILLISECONDS.sleep(300 + random.nextInt(700));
        guest.signal("CONT");
        guest.kill();
      }
    }
    over.set(true);
    guest.exit(Duration.ofSeconds(40));
  }

  private void come(int port, Random random, AtomicBoolean over, boolean mayBreak) {
    while (!over.get()) {
      try (Socket user = Users.connect(port)) {
        one(user, random);
        served.incrementAndGet();
      } catch (IOException e) {
        if (!mayBreak) {
          failures.add(new AssertionError("a user of the client that stays", e));
          return;
        }
        broken.incrementAndGet();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (AssertionError e) {
        failures.add(e);
        return;
      }
    }
  }

  private static void one(Socket user, Random random) throws IOException, InterruptedException {
    switch (random.nextInt(5)) {
      case 0 -> user.setSoLinger(true, 0); // comes and goes by a reset
      case 1 -> {
        for (int i = 0; i < 20; i++) {
          Users.echo(user);
        }
      }
      case 2 -> { // leaves within a transfer
        Bytes.write(user.getOutputStream(), 1, 100_000);
        user.setSoLinger(true, 0);
      }
      default -> transfer(user, random.nextInt(1_000_000));
    }
  }

  /**
   * Out and back. The kernel tells of a reset once: where that is the writer, the reader finds the
   * end of the stream.
   */
  private static void transfer(Socket user, int length) throws IOException, InterruptedException {
    AtomicReference<IOException> broken = new AtomicReference<>();
    Thread writer =
        Thread.ofVirtual()
            .start(() -> {
              try {
                Bytes.write(user.getOutputStream(), length, length);
                user.shutdownOutput();
              } catch (IOException e) {
                broken.set(e);
              }
            });
    try (InputStream in = user.getInputStream()) {
      long got = Bytes.check(in, length);
      writer.join(Duration.ofSeconds(5));
      if (broken.get() != null) {
        throw broken.get();
      }
      if (got != length) {
        throw new AssertionError(got + " bytes of " + length + " came back, and a clean end");
      }
    } finally {
      writer.interrupt();
    }
  }

  /** Waits until nobody is on: every counter of what there is now is zero. */
  private void quiet(Account account, int api, EchoBackend backend) throws IOException {
    String key = account.rememberedKey();
    for (String gauge : List.of("users", "tunnels{state=\"used\"}", "handshakes_pending")) {
      Awaitility.await(gauge)
          .atMost(Duration.ofSeconds(30))
          .until(() -> metric(api, key, gauge) == 0);
    }
    Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> backend.connections() == 0);
    Awaitility.await("clients")
        .atMost(Duration.ofSeconds(30))
        .until(() -> metric(api, key, "clients") == 1);
  }

  private double metric(int api, String key, String name) throws Exception {
    String all =
        Curl.run(
            directory,
            "-H",
            "Authorization: Bearer " + key,
            "http://127.0.0.1:" + api + "/metrics");
    return all.lines()
        .filter(line -> line.startsWith("l4proxy_" + name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no metric " + name + " in\n" + all));
  }

  /** One process, and what it holds. */
  private record Watched(String name, Program program) {
    /** What there is after a collection of garbage. */
    record Figures(List<String> threads, long carriers, long descriptors, long heapKib) {
      @Override
      public String toString() {
        return "threads=%d, carriers=%d, descriptors=%d, heapKib=%d"
            .formatted(threads.size(), carriers, descriptors, heapKib);
      }
    }

    Figures figures() throws Exception {
      ProcFiles files = new ProcFiles(program.pid());
      Map<Boolean, List<String>> threads =
          files.threads().stream()
              .collect(Collectors.partitioningBy(name -> name.startsWith("ForkJoi")));
      return new Figures(
          threads.get(false), threads.get(true).size(), files.descriptors(), files.heapKib());
    }

    void flat(Figures first) throws Exception {
      Figures now = figures();
      System.out.println("FIGURE: soak, " + name + ": " + now + ", first " + first);
      List<String> grown = new ArrayList<>();
      if (now.threads().size() > first.threads().size() + MORE_THREADS) {
        grown.add("threads " + now.threads());
      }
      if (now.carriers() < 1 || now.carriers() > MOST_CARRIERS) {
        grown.add("carriers");
      }
      if (now.descriptors() > first.descriptors() + MORE_DESCRIPTORS) {
        grown.add("descriptors");
      }
      if (now.heapKib() > first.heapKib() + MORE_HEAP_KIB) {
        grown.add("heap");
      }
      assertTrue(
          grown.isEmpty(), () -> name + ": " + grown + " grew: " + now + ", at first " + first);
    }
  }
}
