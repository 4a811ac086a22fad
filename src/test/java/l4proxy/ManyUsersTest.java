package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Users one after another and many at once, a third of whom go away at a random point. Each has
 * content of its own, told by a number that it says first: a byte of somebody else's would not fit
 * it.
 */
@Timeout(240)
class ManyUsersTest {
  private static final int SOME_THREADS = 20;
  private static final Duration SETTLED = Duration.ofSeconds(20);

  @TempDir Path directory;

  private final AtomicInteger complete = new AtomicInteger();
  private final AtomicInteger aborted = new AtomicInteger();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

  @Test
  void twentyThousandUsersOneAfterAnotherOfWhomAThirdAborts() throws Exception {
    run(20_000, 1, 2_000, 3, false);
  }

  @Test
  void fiveHundredUsersAtOnceOfWhomAThirdAborts() throws Exception {
    run(3_000, 500, 100_000, 3, false);
  }

  @Test
  void fiveHundredUsersAtOnceThroughPlainTunnels() throws Exception {
    run(3_000, 500, 100_000, 3, true);
  }

  private void run(int users, int atOnce, int most, int abortEvery, boolean plain)
      throws Exception {
    try (EchoBackend backend = new EchoBackend(this::answer);
        ProxyPair pair = new ProxyPair(directory, backend.address(), plain)) {
      user(pair, 0, 1000, false); // so that everything that is made once is there
      int descriptorsBefore = descriptors();
      long threadsBefore = threads();
      AtomicInteger next = new AtomicInteger(1);
      try (ExecutorService threads =
          Executors.newThreadPerTaskExecutor(Thread.ofVirtual().factory())) {
        for (int i = 0; i < atOnce; i++) {
          threads.execute(() -> {
            for (int id = next.getAndIncrement(); id <= users; id = next.getAndIncrement()) {
              user(pair, id, most, abortEvery > 0 && id % abortEvery == 0);
            }
          });
        }
      }
      assertEquals(0, wrong.size(), () -> wrong.stream().limit(5).toList().toString());
      assertEquals(users + 1, complete.get() + aborted.get());
      assertTrue(abortEvery == 0 || aborted.get() > users / 5, "aborted " + aborted);
      Awaitility.await()
          .atMost(SETTLED)
          .untilAsserted(() -> {
            assertEquals(0, backend.connections());
            assertEquals(0, pair.server().view().clients().getFirst().users());
            assertEquals(0, pair.client().users());
            // a tunnel that waits has a thread on the client's side; some more come and go
            assertTrue(
                threads()
                    <= threadsBefore + pair.server().view().load().idleTunnels() + SOME_THREADS,
                () -> threads() + " threads, " + threadsBefore + " before");
            // what is left are tunnels that wait: as many as the crowd needed, no more
            assertTrue(
                descriptors()
                    <= descriptorsBefore + 2 * (pair.server().view().load().idleTunnels()),
                () ->
                    descriptors()
                        + " descriptors, "
                        + descriptorsBefore
                        + " before, "
                        + pair.server().view().load().idleTunnels()
                        + " idle tunnels");
          });
    }
  }

  /** A user: says its number, how much it wants, and as much of its own; checks what comes back. */
  private void user(ProxyPair pair, int id, int most, boolean abort) {
    Random random = new Random(id);
    int size = random.nextInt(most);
    int abortAfter = abort ? random.nextInt(size + 1) : Integer.MAX_VALUE;
    try (Socket socket = pair.user()) {
      OutputStream out = socket.getOutputStream();
      out.write(ByteBuffer.allocate(8).putInt(id).putInt(size).array());
      Thread writer = Thread.ofVirtual().start(() -> say(socket, id, Math.min(size, abortAfter)));
      byte[] expected = Bytes.of(id + 1_000_000L, size);
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[4096];
      int got = 0;
      while (got < size && got < abortAfter) {
        int n = in.read(buffer, 0, Math.min(buffer.length, size - got));
        if (n < 0) {
          throw new EOFException("after " + got + " of " + size);
        }
        for (int i = 0; i < n; i++) {
          if (buffer[i] != expected[got + i]) {
            throw new AssertionError("a byte of somebody else's at " + (got + i));
          }
        }
        got += n;
      }
      if (abort) {
        aborted.incrementAndGet();
        socket.setSoLinger(true, 0);
        return;
      }
      writer.join();
      socket.shutdownOutput();
      int last = in.read();
      if (last != -1) {
        throw new AssertionError("a byte too many");
      }
      complete.incrementAndGet();
    } catch (IOException | AssertionError e) {
      wrong.add("user " + id + ": " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void say(Socket socket, int id, int size) {
    try {
      Bytes.write(socket.getOutputStream(), id, size);
    } catch (IOException aborted) {
      // this user went away
    }
  }

  /**
   * The backend: reads number and size, sends the content for that number, checks what the user
   * says.
   */
  private void answer(Socket socket) throws IOException, InterruptedException {
    byte[] head = socket.getInputStream().readNBytes(8);
    if (head.length < 8) {
      return; // aborted before it said who it is
    }
    int id = ByteBuffer.wrap(head).getInt();
    int size = ByteBuffer.wrap(head).getInt(4);
    Thread writer =
        Thread.ofVirtual()
            .start(() -> {
              try {
                Bytes.write(socket.getOutputStream(), id + 1_000_000L, size);
              } catch (IOException gone) {
                // this user went away
              }
            });
    try {
      Bytes.check(socket.getInputStream(), id);
    } catch (AssertionError e) {
      wrong.add("backend of " + id + ": " + e);
    }
    writer.join();
  }

  /**
   * Platform and virtual threads by the JVM's own dump, without the carriers: the scheduler keeps
   * those for a while, and how many they may be is a matter of the load.
   */
  private long threads() {
    try {
      Path dump = directory.resolve("threads-" + System.nanoTime());
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(dump.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.JSON);
      try (Stream<String> lines = Files.lines(dump)) {
        return lines
            .filter(line -> line.contains("\"name\":") && !line.contains("\"ForkJoinPool-"))
            .count();
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int descriptors() {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return (int) all.count();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
