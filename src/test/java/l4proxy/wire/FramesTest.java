package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.net.Buffers;
import l4proxy.net.Sockets;
import l4proxy.net.Watch;
import l4proxy.wire.TunnelState.Side;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames as bytes, from an end that keeps the rules and from one that does not. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class FramesTest {
  private static final int NUMBER = 0x01020304;

  private Loopback pair;
  private FrameReader frames;
  private OutputStream peer;

  @BeforeEach
  void connect() throws IOException {
    pair = Loopback.pair();
    frames = new FrameReader(pair.connection().in());
    peer = pair.other().getOutputStream();
  }

  @AfterEach
  void disconnect() {
    pair.close();
  }

  private static byte[] frame(int code, int length, int present) {
    byte[] bytes = new byte[4 + present];
    bytes[0] = (byte) code;
    bytes[1] = (byte) (length >> 16);
    bytes[2] = (byte) (length >> 8);
    bytes[3] = (byte) length;
    for (int i = 4; i < bytes.length; i++) {
      bytes[i] = (byte) (i - 3); // so that a number at the front is NUMBER
    }
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "OPEN, 1, 2, 16384",
    "OPENED, 2, 4, 4",
    "REFUSED, 3, 4, 1024",
    "DATA, 4, 1, 65536",
    "FIN, 5, 0, 0",
    "RESET, 6, 4, 1024",
    "DONE, 7, 4, 4",
    "PING, 8, 0, 0",
    "PONG, 9, 0, 1"
  })
  void lengthsAreTakenWithinTheirBoundsOnly(FrameType type, int code, int least, int most)
      throws IOException {
    for (int length : new int[] {least, most}) {
      assertEquals(type, FrameType.of(code, length));
      byte[] header = new byte[6];
      type.header(header, 1, length);
      byte[] expected = new byte[6];
      System.arraycopy(frame(code, length, 0), 0, expected, 1, 4);
      assertArrayEquals(expected, header);
    }
    for (int length : new int[] {least - 1, most + 1, 0xff_ffff}) {
      if (length >= 0) {
        assertThrows(ProtocolException.class, () -> FrameType.of(code, length));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 11, 127, 128, 255})
  void unknownTypeIsABreach(int code) throws IOException {
    peer.write(frame(code, 0, 0));
    assertThrows(ProtocolException.class, () -> frames.next());
  }

  /** A small frame before them moves them all; what is read keeps step with them nevertheless. */
  @Test
  void fullFramesArriveWhole() throws Exception {
    int code = FrameType.DATA.code();
    pair.one().setReceiveBufferSize(4 * 65_536);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(frame(code, 2000, 2000));
    for (int i = 0; i < 3; i++) {
      all.writeBytes(frame(code, Buffers.CHUNK, Buffers.CHUNK));
    }
    write(all.toByteArray());
    for (int i = 0; i < 4; i++) {
      int length = i == 0 ? 2000 : Buffers.CHUNK;
      while (pair.connection().in().available() < FrameType.HEADER + Buffers.CHUNK) {
        Thread.sleep(1);
      }
      assertEquals(FrameType.DATA, frames.next());
      int piece = frames.piece();
      if (i >= 2) { // the first two find out that bytes flow
        assertEquals(length, piece);
      }
      for (; piece > 0; piece = frames.piece()) {
        frames.consume(piece);
      }
    }
  }

  /** Packets of a full frame, some in a millisecond, do not wake the reader one by one. */
  @Test
  void fullFrameThatComesInPacketsIsGathered() throws Exception {
    int packet = 1448;
    byte[] frame = frame(FrameType.DATA.code(), Buffers.CHUNK, Buffers.CHUNK);
    int packets = frame.length / packet;
    int least = packets;
    for (int i = 0; i < 20 && least > packets * 2 / 3; i++) {
      CompletableFuture<Void> writing =
          CompletableFuture.runAsync(() -> {
            for (int at = 0; at < frame.length; at += packet) {
              long next = System.nanoTime() + 300_000;
              write(frame, at, Math.min(packet, frame.length - at));
              while (System.nanoTime() < next) {
                Thread.onSpinWait();
              }
            }
          });
      assertEquals(FrameType.DATA, frames.next());
      int pieces = 0;
      for (int piece = frames.piece(); piece > 0; piece = frames.piece()) {
        frames.consume(piece);
        pieces++;
      }
      least = Math.min(least, pieces);
      writing.join();
    }
    assertTrue(least <= packets * 2 / 3, least + " pieces of " + packets + " packets");
  }

  private void write(byte[] bytes, int offset, int length) {
    try {
      peer.write(bytes, offset, length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Nothing of the announced length is waited for, or made room for. */
  @Test
  void tooLongFrameIsABreachBeforeItsPayload() throws IOException {
    peer.write(frame(FrameType.DATA.code(), 0xff_ffff, 0));
    assertThrows(ProtocolException.class, () -> frames.next());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void endWithinAHeaderIsNoCleanEnd(int present) throws IOException {
    peer.write(frame(FrameType.FIN.code(), 0, 0), 0, present);
    pair.other().shutdownOutput();
    assertThrows(EOFException.class, () -> frames.next());
    assertThrows(EOFException.class, () -> frames.next());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void endWithinANumberIsNoCleanEnd(int present) throws IOException {
    peer.write(frame(FrameType.DONE.code(), 4, present));
    pair.other().shutdownOutput();
    assertEquals(FrameType.DONE, frames.next());
    assertThrows(EOFException.class, () -> frames.number());
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 103})
  void endWithinATextIsNoCleanEnd(int present) throws IOException {
    peer.write(frame(FrameType.RESET.code(), 104, present));
    pair.other().shutdownOutput();
    assertEquals(FrameType.RESET, frames.next());
    assertEquals(NUMBER, frames.number());
    assertThrows(EOFException.class, () -> frames.text());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_535})
  void endWithinDataIsNoCleanEnd(int present) throws IOException {
    write(frame(FrameType.DATA.code(), 65_536, present));
    assertEquals(FrameType.DATA, frames.next());
    assertThrows(
        EOFException.class,
        () -> {
          for (int count = frames.piece(); count > 0; count = frames.piece()) {
            frames.consume(count);
          }
        });
    assertThrows(EOFException.class, () -> frames.next());
  }

  @Test
  void numberAndTextAreReadInOrder() throws IOException {
    byte[] reset = frame(FrameType.RESET.code(), 11, 11);
    byte[] text = "gräß".getBytes(StandardCharsets.UTF_8);
    assertEquals(6, text.length);
    System.arraycopy(text, 0, reset, 8, 6);
    reset[14] = '!';
    write(reset, frame(FrameType.DONE.code(), 4, 4));
    assertEquals(FrameType.RESET, frames.next());
    assertEquals(NUMBER, frames.number());
    assertEquals("gräß!", frames.text());
    assertEquals(FrameType.DONE, frames.next());
    assertEquals(NUMBER, frames.number());
    assertEquals(0, frames.piece());
  }

  /** Frame boundaries and those of reads have nothing to do with each other. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1024, 65_536})
  void dataArrivesInWhateverPieces(int chunk) throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    Random random = new Random(chunk);
    int frameCount = chunk == 1 ? 40 : 400;
    for (int i = 0; i < frameCount; i++) {
      int length = random.nextInt(4) > 0 ? 1 + random.nextInt(40) : 1 + random.nextInt(600);
      byte[] payload = new byte[length];
      random.nextBytes(payload);
      all.write(frame(FrameType.DATA.code(), length, 0));
      all.write(payload);
      content.write(payload);
    }
    all.write(frame(FrameType.FIN.code(), 0, 0));
    byte[] bytes = all.toByteArray();
    CompletableFuture<Void> writing =
        CompletableFuture.runAsync(
            () -> {
              try {
                for (int at = 0; at < bytes.length; at += chunk) {
                  peer.write(bytes, at, Math.min(chunk, bytes.length - at));
                }
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            },
            task -> Thread.ofVirtual().start(task));
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    int seen = 0;
    var in = pair.connection().in();
    FrameReader reader = new FrameReader(in);
    while (reader.next() == FrameType.DATA) {
      seen++;
      for (int count = reader.piece(); count > 0; count = reader.piece()) {
        got.write(in.buffer(), in.position(), count);
        reader.consume(count);
      }
    }
    writing.join();
    assertEquals(frameCount, seen);
    assertArrayEquals(content.toByteArray(), got.toByteArray());
  }

  @Test
  void payloadNobodyLooksAtIsPassedOver() throws IOException {
    write(frame(FrameType.DATA.code(), 40_000, 40_000), frame(FrameType.FIN.code(), 0, 0));
    assertEquals(FrameType.DATA, frames.next());
    assertTrue(frames.piece() > 0);
    assertEquals(FrameType.FIN, frames.next());
  }

  /** What a tunnel of the client's does about frames of a server that breaks the rules. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "null",
        "{\"number\":0,\"service\":0,\"user\":\"u\",\"address\":\"a\"}",
        "{\"number\":-1,\"service\":0,\"user\":\"u\",\"address\":\"a\"}",
        "{\"number\":4294967297,\"service\":0,\"user\":\"u\",\"address\":\"a\"}",
        "{\"number\":1.5,\"service\":0,\"user\":\"u\",\"address\":\"a\"}",
        "{\"number\":1,\"service\":-1,\"user\":\"u\",\"address\":\"a\"}",
        "{\"number\":1,\"service\":0,\"address\":\"a\"}",
        "{\"number\":1,\"service\":0,\"user\":null,\"address\":\"a\"}",
        "{\"number\":1,\"service\":0,\"user\":\"u\\n\",\"address\":\"a\"}",
        "{\"number\":1,\"service\":0,\"user\":{},\"address\":\"a\"}",
        "{\"number\":1,\"service\":0,\"user\":\"u\",\"address\":\"a\"} x",
        "{\"number\":1",
        "\"OPEN\""
      })
  void openThatSaysWhatItMayNotIsABreach(String json) throws IOException {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    write(frame(FrameType.OPEN.code(), text.length, 0), text);
    withTunnel(tunnel -> assertThrows(ProtocolException.class, tunnel::receive));
  }

  @Test
  void openIsReadWhole() throws IOException {
    byte[] text =
        "{\"number\":7,\"service\":3,\"user\":\"192.0.2.1:5\",\"address\":\"[2001:db8::1]:80\",\"later\":[{}]}"
            .getBytes(StandardCharsets.UTF_8);
    write(frame(FrameType.OPEN.code(), text.length, 0), text);
    withTunnel(tunnel -> {
      assertEquals(FrameType.OPEN, tunnel.receive());
      assertEquals(new OpenFrame(7, 3, "192.0.2.1:5", "[2001:db8::1]:80"), tunnel.opening());
      assertEquals(7, tunnel.state().number());
      assertFalse(tunnel.state().idle());
    });
  }

  @Test
  void deeplyNestedOpenIsABreach() throws IOException {
    byte[] text = "{\"a\":".repeat(3000).getBytes(StandardCharsets.UTF_8);
    write(frame(FrameType.OPEN.code(), text.length, 0), text);
    withTunnel(tunnel -> assertThrows(ProtocolException.class, tunnel::receive));
  }

  private interface Body {
    void with(Tunnel tunnel) throws IOException;
  }

  private void withTunnel(Body body) throws IOException {
    try (Watch watch = new Watch();
        Tunnel tunnel = new Tunnel(pair.connection(), Side.CLIENT, watch)) {
      body.with(tunnel);
    }
  }

  private void write(byte[]... parts) throws IOException {
    for (byte[] part : parts) {
      peer.write(part);
    }
    pair.other().shutdownOutput();
  }

  @Test
  void controlCharactersOfAReasonBecomeSpaces() throws IOException {
    try (Watch watch = new Watch();
        Tunnel server = new Tunnel(pair.connection(), Side.SERVER, watch);
        Tunnel client = new Tunnel(pair.otherConnection(), Side.CLIENT, watch)) {
      server.begin(() -> {});
      server.open(new OpenFrame(1, 0, "u", "a"), new byte[0], 0);
      assertEquals(FrameType.OPEN, client.receive());
      client.refuse("no\r\n\u001b[31m\u009b\u0085red" + "€".repeat(1000));
      assertEquals(FrameType.REFUSED, server.receive());
      assertTrue(server.reason().startsWith("no   [31m  red€"), server.reason());
      assertEquals(200, server.reason().length());
    }
    Sockets.close(pair.one());
  }
}
