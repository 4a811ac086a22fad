package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.TlsPair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS over loopback with the engines of both ends. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class TlsConnectionTest {
  private static final int HEADER = 5;

  private static <T> Future<T> start(Callable<T> body) {
    FutureTask<T> task = new FutureTask<>(body);
    Thread.ofVirtual().start(task);
    return task;
  }

  private static byte[] random(int size, long seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static Void write(
      TlsConnection to, byte[] all, long seed, int renewals, CountDownLatch written)
      throws IOException, InterruptedException {
    Random random = new Random(seed);
    int every = renewals == 0 ? Integer.MAX_VALUE : all.length / renewals;
    int next = every;
    for (int at = 0; at < all.length; ) {
      if (at >= next) {
        next += every;
        to.engine()
            .beginHandshake(); // after a TLS 1.3 handshake: a KeyUpdate that asks for another
      }
      int chunk =
          Math.min(1 + random.nextInt(random.nextBoolean() ? 3000 : 100_000), all.length - at);
      to.out().write(all, at, chunk);
      at += chunk;
    }
    // whoever was told of the end cannot renew its keys any more
    written.countDown();
    written.await();
    to.shutdownOutput();
    return null;
  }

  private static byte[] readAll(Input in) throws IOException {
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    while (in.buffered() > 0 || in.fill()) {
      assertTrue(in.position() >= Buffers.HEADROOM);
      assertTrue(in.buffered() <= 64 * 1024, "more than a frame holds");
      Arrays.fill(in.buffer(), in.position() - Buffers.HEADROOM, in.position(), (byte) 0xee);
      got.write(in.buffer(), in.position(), in.buffered());
      in.consume(in.buffered());
      assertEquals(0, in.buffer().length, "nobody waits with a large buffer");
    }
    assertFalse(in.fill());
    assertEquals(-1, in.read());
    return got.toByteArray();
  }

  private static void bothWays(int size, int renewals) throws Exception {
    byte[] down = random(size, 1);
    byte[] up = random(size, 2);
    try (TlsPair pair = TlsPair.connect()) {
      CountDownLatch written = new CountDownLatch(2);
      Future<Void> fromServer = start(() -> write(pair.server(), down, 3, renewals, written));
      Future<Void> fromClient = start(() -> write(pair.client(), up, 4, renewals, written));
      Future<byte[]> atServer = start(() -> readAll(pair.server().in()));
      Future<byte[]> atClient = start(() -> readAll(pair.client().in()));
      assertArrayEquals(down, atClient.get());
      assertArrayEquals(up, atServer.get());
      fromServer.get();
      fromClient.get();
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0, 1, 1023, 1024, 1025, 16_383, 16_384, 16_385, 65_531, 65_532, 65_533, 65_535, 65_536,
        65_537, 1_048_576, 8_000_000
      })
  void bytesAreExactBothWaysAtOnce(int size) throws Exception {
    bothWays(size, 0);
  }

  /** Records as full as the JDK makes them; one byte more takes another. */
  @ParameterizedTest
  @CsvSource({"0, 4", "1, 5"})
  void chunkWithItsHeaderFillsFourRecords(int more, int records) throws Exception {
    byte[] frame = new byte[Buffers.HEADROOM + Buffers.CHUNK + more];
    try (TlsPair pair = TlsPair.connect()) {
      pair.client().out().write(new byte[1]);
      assertTrue(pair.server().in().fill());
      pair.client().out().write(frame);
      DataInputStream sealed = new DataInputStream(pair.sockets().other().getInputStream());
      for (int i = 0; i < records; i++) {
        assertEquals(23, sealed.readUnsignedByte(), "application data");
        assertEquals(0x0303, sealed.readUnsignedShort());
        int length = sealed.readUnsignedShort();
        assertEquals(i < 4 ? Buffers.RECORD + Buffers.SEAL : Buffers.SEAL + more, HEADER + length);
        sealed.skipNBytes(length);
      }
      assertEquals(0, sealed.available());
    }
  }

  @Test
  void readsKeepStepWithWhatIsWanted() throws Exception {
    int length = Buffers.HEADROOM + Buffers.CHUNK;
    try (TlsPair pair = TlsPair.connect()) {
      pair.sockets().other().setReceiveBufferSize(4 * length);
      Input in = pair.server().in();
      Future<Void> writing =
          start(() -> {
            pair.client().out().write(new byte[3 * length]);
            return null;
          });
      awaitSealed(in, length);
      int got = 0;
      while (got < length) { // the first read finds out that bytes flow
        in.want(length - got);
        assertTrue(in.fill());
        got += in.buffered();
        in.consume(in.buffered());
      }
      assertEquals(length, got, "the beginning of the next came too");
      for (int i = 1; i < 3; i++) {
        awaitSealed(in, length);
        in.want(length);
        assertTrue(in.fill());
        assertEquals(length, in.buffered());
        in.consume(length);
      }
      writing.get();
    }
  }

  private static void awaitSealed(Input in, int length) throws Exception {
    while (in.available() < length + 4 * Buffers.SEAL) {
      Thread.sleep(1);
    }
  }

  @Test
  void keysAreRenewedInTheMiddleOfTraffic() throws Exception {
    bothWays(4_000_000, 50);
  }

  @Test
  void beginHandshakeLaterRenewsKeys() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      pair.server().engine().beginHandshake();
      assertEquals(HandshakeStatus.NEED_WRAP, pair.server().engine().getHandshakeStatus());
      pair.server().out().write(1);
      assertEquals(HandshakeStatus.NOT_HANDSHAKING, pair.server().engine().getHandshakeStatus());
      assertEquals(1, pair.client().in().read());
      assertEquals(
          HandshakeStatus.NEED_WRAP,
          pair.client().engine().getHandshakeStatus(),
          "the answer was written by the reader");
      pair.client().out().write(2);
      assertEquals(2, pair.server().in().read());
    }
  }

  /** Its own direction is full to the brim, and the other side wants an answer. */
  @Test
  void readerNeverWaitsForItsWriter() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      CountDownLatch started = new CountDownLatch(1);
      Future<Void> stuck =
          start(() -> {
            started.countDown();
            while (true) {
              pair.client().out().write(new byte[65_536]);
            }
          });
      started.await();
      for (int i = 0; i < 200; i++) {
        pair.server().engine().beginHandshake();
        pair.server().out().write(random(1000, i));
        assertArrayEquals(random(1000, i), pair.client().in().readNBytes(1000));
      }
      assertFalse(stuck.isDone());
      pair.sockets().close();
      assertThrows(ExecutionException.class, stuck::get);
    }
  }

  @Test
  void halfCloseLetsTheOtherDirectionGoOn() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      pair.client().out().write(5);
      pair.client().shutdownOutput();
      assertEquals(5, pair.server().in().read());
      assertEquals(-1, pair.server().in().read());
      assertEquals(-1, pair.server().in().read());
      byte[] much = random(200_000, 1);
      Future<Void> writing = start(() -> write(pair.server(), much, 1, 0, new CountDownLatch(1)));
      assertArrayEquals(much, readAll(pair.client().in()));
      writing.get();
      assertThrows(IOException.class, () -> pair.client().out().write(1));
    }
  }

  @Test
  void abortIsSeenAsReset() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      pair.client().abort();
      assertThrows(SocketException.class, () -> pair.server().in().read());
    }
  }

  @Test
  void abortEndsBlockedThreadsOfItsOwnSide() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      Future<Integer> reading = start(() -> pair.client().in().read());
      Future<Void> writing =
          start(() -> {
            while (true) {
              pair.client().out().write(new byte[65_536]);
            }
          });
      pair.client().abort();
      assertThrows(ExecutionException.class, () -> reading.get(10, TimeUnit.SECONDS));
      assertThrows(ExecutionException.class, () -> writing.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void endWithinARecordIsNoEnd() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      pair.sockets().one().getOutputStream().write(new byte[] {23, 3, 3, 0, 100, 1, 2, 3});
      pair.sockets().one().shutdownOutput();
      assertThrows(EOFException.class, () -> pair.server().in().read());
    }
  }

  @Test
  void recordThatWasChangedIsNotRead() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      byte[] record = random(105, 1);
      System.arraycopy(new byte[] {23, 3, 3, 0, 100}, 0, record, 0, 5);
      pair.sockets().one().getOutputStream().write(record);
      assertThrows(SSLException.class, () -> pair.server().in().read());
    }
  }

  @Test
  void recordLongerThanAllowedIsNotWaitedFor() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      pair.sockets().one().getOutputStream().write(new byte[] {23, 3, 3, -1, -1, 0, 0});
      assertThrows(SSLException.class, () -> pair.server().in().read());
    }
  }

  @Test
  void handshakeHasADeadline() throws Exception {
    try (Loopback pair = Loopback.pair()) {
      TlsConnection server = TlsPair.server(pair.one());
      server.in().deadline(Duration.ofMillis(100));
      assertThrows(SocketTimeoutException.class, server::handshake);
    }
  }

  @Test
  void handshakeOfTricklesHasADeadlineToo() throws Exception {
    try (Loopback pair = Loopback.pair()) {
      TlsConnection server = TlsPair.server(pair.one());
      server.in().deadline(Duration.ofMillis(300));
      Future<Void> handshake =
          start(() -> {
            server.handshake();
            return null;
          });
      Socket peer = pair.other();
      Future<Void> trickle =
          start(() -> {
            peer.setSoTimeout(10);
            peer.getOutputStream().write(new byte[] {22, 3, 1, 2, 0});
            InputStream in = peer.getInputStream();
            while (!handshake.isDone()) {
              peer.getOutputStream().write(1);
              try {
                in.read();
              } catch (SocketTimeoutException nothing) {
                // the pause between two bytes
              }
            }
            return null;
          });
      var e = assertThrows(ExecutionException.class, () -> handshake.get(10, TimeUnit.SECONDS));
      assertEquals(SocketTimeoutException.class, e.getCause().getClass());
      trickle.get();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n\r\n",
        "SSH-2.0-x\r\n",
        "\u0016\u0003\u0001\u0000\u0004\u0001\u0002\u0003\u0004",
        "\u0000\u0000\u0000\u0000\u0000\u0000"
      })
  void garbageInsteadOfAHandshakeIsRefused(String garbage) throws Exception {
    try (Loopback pair = Loopback.pair()) {
      TlsConnection server = TlsPair.server(pair.one());
      server.in().deadline(Duration.ofSeconds(10));
      pair.other()
          .getOutputStream()
          .write(garbage.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
      assertThrows(SSLException.class, server::handshake);
      assertEquals(21, pair.other().getInputStream().read(), "no alert was sent");
    }
  }

  @Test
  void endWithinTheHandshakeIsAFailure() throws Exception {
    try (Loopback pair = Loopback.pair()) {
      TlsConnection server = TlsPair.server(pair.one());
      server.in().deadline(Duration.ofSeconds(10));
      pair.other().getOutputStream().write(new byte[] {22, 3, 1, 0});
      pair.other().shutdownOutput();
      assertThrows(SSLException.class, server::handshake);
    }
  }

  /** What follows the handshake in the same packet belongs to the caller. */
  @Test
  void bytesRightAfterTheHandshakeAreKept() throws Exception {
    for (int i = 0; i < 20; i++) {
      try (Loopback pair = Loopback.pair()) {
        TlsConnection client = TlsPair.client(pair.one());
        TlsConnection server = TlsPair.server(pair.other());
        client.in().deadline(Duration.ofSeconds(10));
        server.in().deadline(Duration.ofSeconds(10));
        Future<Void> early =
            start(() -> {
              client.handshake();
              client.out().write(random(3000, 9));
              return null;
            });
        server.handshake();
        assertEquals("l4proxy/1", server.protocol());
        assertArrayEquals(random(3000, 9), server.in().readNBytes(3000));
        early.get();
        assertEquals("l4proxy/1", client.protocol());
      }
    }
  }

  @Test
  void waitingConnectionHoldsNoLargeBuffer() throws Exception {
    try (TlsPair pair = TlsPair.connect()) {
      pair.client().out().write(1);
      assertEquals(1, pair.server().in().read());
      Future<Integer> waiting = start(() -> pair.server().in().read());
      org.awaitility.Awaitility.await().until(() -> pair.server().in().buffer().length == 0);
      pair.client().out().write(2);
      assertEquals(2, waiting.get());
    }
  }
}
