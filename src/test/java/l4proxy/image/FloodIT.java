package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Thousands of connections a second to the control port from one address, of those that say
 * nothing, nonsense, or half a handshake: users are served as if nothing was, and clients stay
 * connected. 3,000 a second for 3 s; {@code -Dflood.rate=0 -Dflood.seconds=10 -Dflood.p99=50} as
 * many as can be made, and held to 50 ms.
 */
@Timeout(120)
final class FloodIT {
  private static final int SECONDS = Integer.getInteger("flood.seconds", 3);
  private static final int WARM_UP = 3;

  /** Of a user's question and answer, in milliseconds; machines that test do other things too. */
  private static final int P99 = Integer.getInteger("flood.p99", 1_000);

  private static final String FROM = "127.0.0.66";
  private static final int THREADS = 2;

  /** Strangers a second; 0: as many as come. */
  private static final int RATE = Integer.getInteger("flood.rate", 3_000);

  private static final byte[][] SAID = {
    {},
    {0x16, 3, 1, 2, 0, 1},
    "GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII),
    {0, 0, 0, 100, '{'},
    {0x16, 3, 1, 0, 4, 1, 2, 3, 4},
  };

  @TempDir private Path directory;

  @Test
  void usersAndClientsDoNotNotice() throws Exception {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      Program client = account.client(backend.port());
      Program other = account.client(backend.port(), "--client_name", "other");
      int port = Account.publicPort(client);
      int otherPort = Account.publicPort(other);
      try (Socket user = Users.connect(port);
          Socket second = Users.connect(otherPort)) {
        warm(user, second);
        AtomicInteger made = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> flood = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          flood.add(
              Thread.ofPlatform()
                  .name("test flood " + i)
                  .start(() -> flood(account.controlPort(), made, over)));
        }
        List<Long> times;
        try {
          ask(user, second, port, WARM_UP); // what a stranger costs is compiled then
          made.set(0);
          times = ask(user, second, port, SECONDS);
        } finally {
          over.set(true);
          for (Thread each : flood) {
            each.join();
          }
        }
        report(times, made.get());
      }
      for (Program each : List.of(client, other)) {
        assertTrue(each.isAlive(), each.said());
        assertEquals(1, each.out().all().size(), each.said());
        assertEquals(0, each.err().count("connection to the server"), each.said());
        assertEquals(0, each.err().count("WARNING"), each.said());
      }
      assertEquals(0, server.err().count("is gone"), server.said());
      Users.isServed(port);
      Users.isServed(otherPort);
      assertEquals(0, server.err().count("\tat "), server.said());
    }
  }

  private static void warm(Socket... users) throws IOException {
    for (int i = 0; i < 500; i++) {
      for (Socket each : users) {
        Users.echo(each);
      }
    }
  }

  private static void flood(int port, AtomicInteger made, AtomicBoolean over) {
    InetSocketAddress control = new InetSocketAddress("127.0.0.1", port);
    long began = System.nanoTime();
    for (int i = 0; !over.get(); i++) {
      long early = began + i * 1_000_000_000L * THREADS / Math.max(1, RATE) - System.nanoTime();
      if (RATE > 0 && early > 0) {
        LockSupport.parkNanos(early);
      }
      try (Socket stranger = new Socket()) {
        stranger.bind(new InetSocketAddress(FROM, 0));
        stranger.setSoLinger(i % 16 != 0, 0); // a reset leaves its port free at once
        stranger.connect(control, 2_000);
        stranger.getOutputStream().write(SAID[i % SAID.length]);
        made.incrementAndGet();
      } catch (IOException turnedAway) {
        made.incrementAndGet();
      }
    }
  }

  /** Users who are on, and one who comes anew: how long each question took, in nanoseconds. */
  private static List<Long> ask(Socket user, Socket second, int port, int seconds)
      throws Exception {
    List<Long> times = new ArrayList<>();
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    while (System.nanoTime() < end) {
      for (Socket each : List.of(user, second)) {
        long began = System.nanoTime();
        Users.echo(each);
        times.add(System.nanoTime() - began);
      }
      long began = System.nanoTime();
      Users.isServed(port);
      times.add(System.nanoTime() - began);
      Thread.sleep(5); // the pace of the questions
    }
    return times;
  }

  private static void report(List<Long> times, int made) {
    Collections.sort(times);
    double p99 = times.get(times.size() * 99 / 100) / 1e6;
    System.out.printf(
        "FIGURE: %d strangers/s from one address; of %d answers p50 %.1f ms, p99 %.1f ms, most %.1f"
            + " ms%n",
        made / SECONDS,
        times.size(),
        times.get(times.size() / 2) / 1e6,
        p99,
        times.getLast() / 1e6);
    assertTrue(made / SECONDS > 100, "only " + made + " strangers");
    assertTrue(p99 < P99, "p99 " + p99 + " ms");
  }
}
