package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A reader who does not read stops its writer, and costs no memory. */
@Timeout(240)
final class StalledReaderIT {
  private static final long GROWTH = 16L * 1024 * 1024;
  private static final long WARM_UP = 300_000_000;
  private static final long GIGABYTE = 1_000_000_000;
  private static final long TASTE = 1_000_000;
  private static final Duration STALL = Duration.ofSeconds(4);

  @TempDir private Path directory;

  private final AtomicInteger downloads = new AtomicInteger();
  private final AtomicLong sent = new AtomicLong();

  /** Sends some to the first user, so that the heaps have their sizes, and a lot to the second. */
  private void send(Socket socket) throws IOException {
    long size = downloads.getAndIncrement() == 0 ? WARM_UP : GIGABYTE;
    sent.set(0);
    OutputStream out = socket.getOutputStream();
    Content.write(
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new UnsupportedOperationException("in pieces only");
          }

          @Override
          public void write(byte[] bytes, int from, int count) throws IOException {
            out.write(bytes, from, count);
            sent.addAndGet(count);
          }
        },
        size);
  }

  @Test
  void stalledReaderCostsNoMemory() throws IOException, InterruptedException {
    stalls("TLS");
  }

  @Test
  void stalledReaderOfPlainTunnelsCostsNoMemory() throws IOException, InterruptedException {
    stalls("plain", "--plain_tunnels");
  }

  private void stalls(String what, String... words) throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend(this::send)) {
      Program server = account.server();
      Program client = account.client(backend.port(), words);
      int port = Account.publicPort(client);
      try (Socket user = Users.connect(port)) {
        assertEquals(WARM_UP, Content.readAll(user.getInputStream(), 0));
      }
      try (Socket user = Users.connect(port)) {
        long serverBefore = server.resident();
        long clientBefore = client.resident();
        Content.read(user.getInputStream(), 0, TASTE);
        long[] most = new long[2];
        long[] stood = {-1, System.nanoTime()};
        await()
            .pollInterval(Duration.ofMillis(100))
            .atMost(Duration.ofSeconds(30))
            .until(() -> {
              most[0] = Math.max(most[0], server.resident() - serverBefore);
              most[1] = Math.max(most[1], client.resident() - clientBefore);
              if (sent.get() != stood[0]) {
                stood[0] = sent.get();
                stood[1] = System.nanoTime();
              }
              return System.nanoTime() - stood[1] >= STALL.toNanos();
            });
        Figures.bytes(what + ": sent into the stall", sent.get() - TASTE);
        Figures.bytes(what + ": server before, VmRSS", serverBefore);
        Figures.bytes(what + ": server's growth in the stall", most[0]);
        Figures.bytes(what + ": client before, VmRSS", clientBefore);
        Figures.bytes(what + ": client's growth in the stall", most[1]);
        assertTrue(sent.get() < GIGABYTE, "the backend was not stopped");
        long began = System.nanoTime();
        assertEquals(GIGABYTE, Content.readAll(user.getInputStream(), TASTE));
        Figures.print(what + ": the rest of 1 GB", System.nanoTime() - began);
        assertTrue(most[0] < GROWTH, "the server grew by " + most[0]);
        assertTrue(most[1] < GROWTH, "the client grew by " + most[1]);
      }
    }
  }
}
