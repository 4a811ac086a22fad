package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a plain connection reads, through a small buffer and a large one. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class SocketInputTest {
  private Loopback pair;
  private PlainConnection connection;
  private Input in;
  private OutputStream peer;

  @BeforeEach
  void connect() throws IOException {
    pair = Loopback.pair();
    connection = pair.connection();
    in = connection.in();
    peer = pair.other().getOutputStream();
  }

  @AfterEach
  void disconnect() {
    pair.close();
  }

  private CompletableFuture<Void> write(byte[] all, Random random) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            for (int at = 0; at < all.length; ) {
              int most = random.nextInt(4) == 0 ? 200_000 : 2000;
              int chunk = Math.min(1 + random.nextInt(most), all.length - at);
              peer.write(all, at, chunk);
              at += chunk;
              if (random.nextInt(20) == 0) {
                Thread.yield();
              }
            }
            pair.other().shutdownOutput();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        task -> Thread.ofVirtual().start(task));
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0, 1, 1023, 1024, 1025, 16_383, 16_384, 16_385, 65_531, 65_532, 65_533, 65_535, 65_536,
        65_537, 1_048_576
      })
  void bytesAreExactInWhateverPieces(int size) throws IOException {
    Random random = new Random(size);
    byte[] all = new byte[size];
    random.nextBytes(all);
    CompletableFuture<Void> writing = write(all, new Random(size));
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    while (in.buffered() > 0 || in.fill()) {
      assertTrue(in.buffered() <= Buffers.CHUNK, "more than a frame holds");
      assertTrue(in.position() >= Buffers.HEADROOM);
      int take = random.nextBoolean() ? in.buffered() : 1 + random.nextInt(in.buffered());
      // a frame header may be written in front of what is passed on
      java.util.Arrays.fill(
          in.buffer(), in.position() - Buffers.HEADROOM, in.position(), (byte) 0xee);
      got.write(in.buffer(), in.position(), take);
      in.consume(take);
      if (in.buffered() > 0 && in.buffered() < 1000 && random.nextInt(4) == 0) {
        int before = in.buffered();
        assertEquals(in.fill(), in.buffered() > before);
      }
    }
    writing.join();
    assertArrayEquals(all, got.toByteArray());
  }

  @Test
  void endIsToldAgainAndAgain() throws IOException {
    peer.write(7);
    pair.other().shutdownOutput();
    assertEquals(7, in.read());
    for (int i = 0; i < 3; i++) {
      assertFalse(in.fill());
      assertEquals(-1, in.read());
      assertEquals(-1, in.read(new byte[10], 0, 10));
      assertEquals(0, in.buffered());
    }
    assertEquals(0, in.read(new byte[0], 0, 0));
  }

  @Test
  void fillAddsToWhatIsThereUntilTheEnd() throws IOException {
    peer.write(new byte[] {1, 2, 3});
    assertTrue(in.fill());
    in.consume(1);
    peer.write(new byte[5000]);
    while (in.buffered() < 5002) {
      assertTrue(in.fill());
    }
    assertEquals(2, in.buffer()[in.position()]);
    pair.other().shutdownOutput();
    assertFalse(in.fill());
    assertEquals(5002, in.buffered());
  }

  @Test
  void waitingTakesASmallBufferAndFlowingALargeOne() throws IOException {
    peer.write(new byte[10]);
    assertTrue(in.fill());
    assertTrue(in.buffer().length < 2048);
    in.consume(in.buffered());
    peer.write(new byte[60_000]);
    int most = 0;
    for (int got = 0; got < 60_000; ) {
      assertTrue(in.fill());
      most = Math.max(most, in.buffer().length);
      got += in.buffered();
      in.consume(in.buffered());
    }
    assertEquals(Buffers.LARGE, most);
    for (int i = 0; i < 2; i++) { // the first may be there already, and the large buffer as well
      in.consume(in.buffered());
      peer.write(new byte[10]);
      assertTrue(in.fill());
    }
    assertTrue(in.buffer().length < 2048, "an idle connection keeps a large buffer");
  }

  @Test
  void deadlineIsForAllReadsTogether() throws Exception {
    long before = System.nanoTime();
    in.deadline(Duration.ofMillis(300));
    CompletableFuture<Void> trickle =
        CompletableFuture.runAsync(
            () ->
                Awaitility.await()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(20))
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> {
                      peer.write(1);
                      return System.nanoTime() - before > 600_000_000L;
                    }),
            task -> Thread.ofVirtual().start(task));
    assertThrows(
        SocketTimeoutException.class,
        () -> {
          while (true) {
            in.read();
          }
        });
    long millis = (System.nanoTime() - before) / 1_000_000;
    assertTrue(millis >= 295, millis + " ms");
    trickle.join();
  }

  @Test
  void deadlinePassedFailsAtOnceAndCanBeLifted() throws IOException {
    in.deadline(Duration.ofNanos(1));
    assertThrows(SocketTimeoutException.class, in::fill);
    in.deadline(Duration.ZERO);
    assertEquals(0, pair.one().getSoTimeout());
    peer.write(9);
    assertEquals(9, in.read());
  }

  @Test
  void availableCountsWhatIsBufferedAndWhatIsNot() throws IOException {
    assertEquals(0, in.available());
    peer.write(new byte[5000]);
    assertTrue(in.fill());
    Awaitility.await().until(() -> in.available() == 5000);
    in.consume(1);
    assertEquals(4999, in.available());
  }

  @Test
  void abortIsSeenAsResetAndNotAsEnd() throws IOException {
    pair.otherConnection().abort();
    assertThrows(SocketException.class, in::fill);
  }

  /** The kernel tells of a reset once, and a write that failed of it had it told. */
  @Test
  void readAfterAWriteThatFailedIsNoEnd() {
    Sockets.abort(pair.other());
    assertThrows(
        IOException.class,
        () -> {
          while (true) {
            connection.out().write(new byte[1000]);
          }
        });
    assertThrows(IOException.class, in::fill);
    assertThrows(IOException.class, in::fill);
  }

  @Test
  void endIsBelievedWhileAWriteWaitsForItsReader() throws Exception {
    Thread writer =
        Thread.ofVirtual()
            .start(() -> {
              try {
                while (true) {
                  connection.out().write(new byte[65_536]);
                }
              } catch (IOException closed) {
                // at the end of the test
              }
            });
    pair.other().shutdownOutput();
    assertFalse(in.fill());
    pair.close();
    writer.join();
  }

  @Test
  void resetIsNeverAnEndWhileTheOtherDirectionWrites() throws Exception {
    for (int i = 0; i < 100; i++) {
      try (Loopback each = Loopback.pair()) {
        PlainConnection one = each.connection();
        Thread writer =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    while (true) {
                      one.out().write(new byte[2000]);
                    }
                  } catch (IOException reset) {
                    // as the reader shall see too
                  }
                });
        CompletableFuture<Object> read = new CompletableFuture<>();
        Thread reader =
            Thread.ofVirtual()
                .start(() -> {
                  try {
                    read.complete(one.in().fill());
                  } catch (IOException reset) {
                    read.complete(reset);
                  }
                });
        each.other().getInputStream().readNBytes(5000);
        Sockets.abort(each.other());
        assertTrue(read.get() instanceof IOException, "run " + i);
        reader.join();
        writer.join();
      }
    }
  }
}
