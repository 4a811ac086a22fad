package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import l4proxy.Loopback;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A connection kept to a rate: the same bytes, at their time. */
@Timeout(30)
final class PacedConnectionTest {
  private static final long FAST = 1_000_000_000;

  @AutoClose private Loopback pair;

  @BeforeEach
  void connect() throws IOException {
    pair = Loopback.pair();
  }

  private PacedConnection paced(long read, long written) throws IOException {
    return new PacedConnection(pair.connection(), new TokenBucket(read), new TokenBucket(written));
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static double seconds(long began) {
    return (System.nanoTime() - began) / 1e9;
  }

  @Test
  void whatArrivesIsExactAndTakesItsTime() throws Exception {
    byte[] sent = bytes(300_000);
    PacedConnection connection = paced(200_000, FAST);
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(() -> {
          try {
            pair.other().getOutputStream().write(sent);
            pair.other().shutdownOutput();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    long began = System.nanoTime();
    byte[] read = connection.in().readAllBytes();
    double took = seconds(began);
    assertArrayEquals(sent, read);
    assertTrue(took > 1.3 && took < 3, "it took " + took);
    writing.get();
  }

  @Test
  void whatGoesOutIsExactAndTakesItsTime() throws Exception {
    byte[] sent = bytes(300_000);
    PacedConnection connection = paced(FAST, 200_000);
    assertEquals(10_000, connection.piece());
    CompletableFuture<byte[]> read =
        CompletableFuture.supplyAsync(() -> {
          try {
            return pair.other().getInputStream().readAllBytes();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    long began = System.nanoTime();
    for (int at = 0; at < sent.length; at += 10_000) {
      connection.out().write(sent, at, 10_000);
    }
    double took = seconds(began);
    connection.shutdownOutput();
    assertArrayEquals(sent, read.get());
    assertTrue(took > 1.3 && took < 3, "it took " + took);
  }

  @Test
  void smallRateShowsSmallPieces() throws Exception {
    PacedConnection connection = paced(1_000, FAST);
    pair.other().getOutputStream().write(bytes(1_000));
    assertTrue(connection.in().fill());
    assertEquals(50, connection.in().buffered());
    assertTrue(connection.in().fill());
    assertEquals(100, connection.in().buffered());
    connection.in().consume(70);
    assertEquals(30, connection.in().buffered());
    byte[] shown = new byte[30];
    System.arraycopy(connection.in().buffer(), connection.in().position(), shown, 0, 30);
    byte[] expected = new byte[30];
    System.arraycopy(bytes(1_000), 70, expected, 0, 30);
    assertArrayEquals(expected, shown);
  }

  /** Whoever asks may go on to read, and must not wait for its turn. */
  @Test
  void whatIsNotPaidForIsNotAvailable() throws Exception {
    PacedConnection connection = paced(1_000, FAST);
    pair.other().getOutputStream().write(bytes(1_000));
    Awaitility.await().until(() -> pair.connection().in().available() == 1_000);
    assertEquals(0, connection.in().available());
    assertTrue(connection.in().fill());
    assertEquals(50, connection.in().available());
    connection.in().consume(20);
    assertEquals(30, connection.in().available());
  }

  /** Counts what a connection has read, and how much of it was not passed on yet at the most. */
  private static final class Held extends FilterInput {
    private final Input source;
    private long most;

    Held(Input source) {
      super(source);
      this.source = source;
    }

    @Override
    public boolean fill() throws IOException {
      boolean more = source.fill();
      most = Math.max(most, source.buffered());
      return more;
    }
  }

  @Test
  void noMoreThanOneBufferIsHeldHoweverMuchThereIs() throws Exception {
    Held held = new Held(pair.connection().in());
    FilterConnection counted =
        new FilterConnection(pair.connection()) {
          @Override
          public Input in() {
            return held;
          }
        };
    PacedConnection connection =
        new PacedConnection(counted, new TokenBucket(1_000_000), new TokenBucket(FAST));
    Thread writing =
        Thread.startVirtualThread(() -> {
          try {
            while (true) {
              pair.other().getOutputStream().write(new byte[100_000]);
            }
          } catch (IOException closed) {
            // enough was read
          }
        });
    assertEquals(2_000_000, connection.in().readNBytes(2_000_000).length);
    assertTrue(held.most <= Buffers.CHUNK, held.most + " bytes were held");
    assertTrue(held.most > 10_000, "the source was not ahead: " + held.most + " bytes");
    connection.abort();
    writing.join();
  }

  @Test
  void endOfStreamIsTheEnd() throws Exception {
    PacedConnection connection = paced(FAST, FAST);
    pair.other().shutdownOutput();
    assertFalse(connection.in().fill());
    assertEquals(0, connection.in().buffered());
  }

  @Test
  void abortLetsAWaitingWriterGo() throws Exception {
    PacedConnection connection = paced(FAST, 10);
    connection.out().write(new byte[1_000]);
    Thread[] writer = new Thread[1];
    CompletableFuture<Void> writing = new CompletableFuture<>();
    writer[0] =
        Thread.ofVirtual()
            .start(() -> {
              try {
                connection.out().write(new byte[1]);
                writing.complete(null);
              } catch (IOException e) {
                writing.completeExceptionally(e);
              }
            });
    Awaitility.await().until(() -> writer[0].getState() == Thread.State.TIMED_WAITING);
    connection.abort();
    ExecutionException failed = assertThrows(ExecutionException.class, writing::get);
    assertTrue(failed.getCause() instanceof SocketException, String.valueOf(failed.getCause()));
  }
}
