package l4proxy;

import static l4proxy.RawFrames.DATA;
import static l4proxy.RawFrames.DONE;
import static l4proxy.RawFrames.FIN;
import static l4proxy.RawFrames.OPENED;
import static l4proxy.RawFrames.PING;
import static l4proxy.RawFrames.PONG;
import static l4proxy.RawFrames.REFUSED;
import static l4proxy.RawFrames.RESET;
import static l4proxy.RawFrames.all;
import static l4proxy.RawFrames.data;
import static l4proxy.RawFrames.frame;
import static l4proxy.RawFrames.numbered;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import l4proxy.net.Connection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A client whose tunnels break the rules, each in another way: the server closes the tunnel at
 * once, resets its user, and nobody else notices.
 */
@Timeout(120)
final class HostileTunnelsTest {
  private static final Duration AT_ONCE = Duration.ofSeconds(2);
  private static final int PATIENCE_SECONDS = 20;

  /** In these the client's direction has ended before the breach, and the user knows. */
  private static final Set<String> HONEST_ENDS = Set.of("FIN, DONE", "FIN twice", "DATA after FIN");

  @TempDir Path directory;

  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final PrintStream stderr = System.err;
  private final BlockingQueue<Opened> openings = new LinkedBlockingQueue<>();
  private EchoBackend backend;
  private ProxyPair pair;
  private FakeClient evil;
  private int port;

  /** A tunnel of the hostile client's that was opened for a user. */
  private record Opened(Connection tunnel, int number) {}

  @BeforeEach
  void start() throws Exception {
    System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
    backend = new EchoBackend();
    pair = new ProxyPair(directory, backend.address());
    evil = new FakeClient(pair);
    port = assertInstanceOf(Message.Exposed.class, evil.exposeAt("evil", 0)).port();
    Thread.ofVirtual().name("test evil").start(this::openTunnels);
  }

  @AfterEach
  void nothingIsLeftAndNothingWasThrownToTheLog() {
    try {
      Awaitility.await()
          .atMost(Duration.ofSeconds(5))
          .untilAsserted(() -> assertEquals(0, backend.connections()));
    } finally {
      evil.close();
      pair.close();
      backend.close();
      System.setErr(stderr);
    }
    String log = errors.toString(StandardCharsets.UTF_8);
    assertFalse(log.contains("\tat ") || log.contains("Exception"), log);
  }

  /** Opens a tunnel for each ticket at once, and tells when a user is on it. */
  private void openTunnels() {
    try {
      while (true) {
        for (String ticket : evil.nextTunnels().tickets()) {
          Thread.ofVirtual().name("test evil tunnel").start(() -> tunnel(ticket));
        }
      }
    } catch (IOException over) {
      // the test is
    }
  }

  private void tunnel(String ticket) {
    try {
      Connection tunnel = evil.dial();
      Messages.write(tunnel.out(), evil.hello(ticket));
      awaitUser(tunnel);
    } catch (IOException over) {
      // the server let it go
    }
  }

  /** Answers the server until a user is on whose first bytes are there: now it is that user's. */
  private void awaitUser(Connection tunnel) throws IOException {
    tunnel.in().deadline(Duration.ofSeconds(60));
    RawFrames.Frame frame = RawFrames.read(tunnel.in());
    while (frame.type() == PING) {
      tunnel.out().write(frame(PONG));
      frame = RawFrames.read(tunnel.in());
    }
    int number = frame.opening();
    assertEquals(DATA, RawFrames.read(tunnel.in()).type());
    openings.add(new Opened(tunnel, number));
  }

  /** What is wrong, and the frames that do it, given the number of the opening. */
  private static Map<String, IntFunction<byte[]>> breaches() {
    Map<String, IntFunction<byte[]>> all = new LinkedHashMap<>();
    all.put("DATA before OPENED", n -> data("x"));
    all.put("FIN before OPENED", n -> frame(FIN));
    all.put("RESET before OPENED", n -> numbered(RESET, n));
    all.put("DONE before OPENED", n -> numbered(DONE, n));
    all.put("PING before OPENED", n -> frame(PING));
    all.put("OPEN from a client", n -> RawFrames.open(n + 1, 0));
    all.put("OPENED of the next opening", n -> numbered(OPENED, n + 1));
    all.put("OPENED of the one before", n -> numbered(OPENED, n - 1));
    all.put("OPENED of a negative number", n -> numbered(OPENED, -n));
    all.put("OPENED twice", n -> all(numbered(OPENED, n), numbered(OPENED, n)));
    all.put("OPENED, REFUSED", n -> all(numbered(OPENED, n), numbered(REFUSED, n)));
    all.put("REFUSED, OPENED", n -> all(numbered(REFUSED, n), numbered(OPENED, n)));
    all.put("REFUSED, DATA", n -> all(numbered(REFUSED, n), data("x")));
    all.put("REFUSED of the next opening", n -> numbered(REFUSED, n + 1));
    all.put("DONE within", n -> all(numbered(OPENED, n), numbered(DONE, n)));
    all.put("FIN, DONE", n -> all(numbered(OPENED, n), frame(FIN), numbered(DONE, n)));
    all.put("FIN twice", n -> all(numbered(OPENED, n), frame(FIN), frame(FIN)));
    all.put("DATA after FIN", n -> all(numbered(OPENED, n), frame(FIN), data("late")));
    all.put("DATA after RESET", n -> all(numbered(OPENED, n), numbered(RESET, n), data("late")));
    all.put("RESET twice", n -> all(numbered(OPENED, n), numbered(RESET, n), numbered(RESET, n)));
    all.put("RESET of another", n -> all(numbered(OPENED, n), numbered(RESET, n + 1)));
    all.put(
        "DONE of another", n -> all(numbered(OPENED, n), numbered(RESET, n), numbered(DONE, 9)));
    all.put("type 0", n -> frame(0));
    all.put("type 10", n -> frame(10));
    all.put("type 255", n -> all(numbered(OPENED, n), frame(255)));
    all.put("DATA of nothing", n -> all(numbered(OPENED, n), frame(DATA)));
    all.put(
        "DATA of 64 KiB and one", n -> all(numbered(OPENED, n), frame(DATA, 65_537, new byte[0])));
    all.put("DATA of 16 MiB", n -> all(numbered(OPENED, n), frame(DATA, 0xff_ffff, new byte[0])));
    all.put("FIN with a payload", n -> all(numbered(OPENED, n), frame(FIN, (byte) 1)));
    all.put("OPENED of five bytes", n -> frame(OPENED, new byte[5]));
    all.put("OPENED of three bytes", n -> frame(OPENED, new byte[3]));
    all.put("REFUSED of 1,025 bytes", n -> frame(REFUSED, 1_025, new byte[0]));
    all.put("PONG of two bytes", n -> frame(PONG, new byte[2]));
    all.put("the first half of a frame, and the end", n -> new byte[] {DATA, 0});
    return all;
  }

  @Test
  void eachBreachClosesItsTunnelAtOnceAndNobodyElseNotices() throws Exception {
    try (Socket steady = pair.user()) {
      for (Map.Entry<String, IntFunction<byte[]>> breach : breaches().entrySet()) {
        try (Socket user = evilsUser()) {
          Opened opened = nextOpening();
          opened.tunnel().out().write(breach.getValue().apply(opened.number()));
          if (breach.getKey().endsWith("the end")) {
            opened.tunnel().shutdownOutput();
          }
          isClosedAtOnce(breach.getKey(), opened.tunnel());
          isReset(breach.getKey(), user);
        }
        isServed(steady);
      }
    }
    try (Socket user = evilsUser()) { // and the hostile client itself is still served
      Opened opened = nextOpening();
      finish(user, opened);
    }
  }

  /** Frames that speak of an earlier user reach no later one. */
  @Test
  void lateFramesOfAnEarlierUserReachNoOther() throws Exception {
    Map<String, byte[]> late = new LinkedHashMap<>();
    late.put("OPENED 1", numbered(OPENED, 1));
    late.put("REFUSED 1", numbered(REFUSED, 1));
    late.put("DATA of the first", data("for the first"));
    late.put("FIN of the first", frame(FIN));
    late.put("RESET 1", numbered(RESET, 1));
    late.put("DONE 1", numbered(DONE, 1));
    for (Map.Entry<String, byte[]> each : late.entrySet()) {
      boolean tried = false;
      while (!tried) { // until a tunnel has had a user before
        try (Socket user = evilsUser()) {
          Opened opened = nextOpening();
          tried = opened.number() > 1;
          if (!tried) {
            finish(user, opened);
            Connection again = opened.tunnel();
            Thread.ofVirtual().name("test evil tunnel").start(() -> wait(again));
          } else {
            opened.tunnel().out().write(each.getValue());
            isClosedAtOnce(each.getKey(), opened.tunnel());
            isReset(each.getKey(), user);
          }
        }
      }
    }
  }

  private void wait(Connection tunnel) {
    try {
      awaitUser(tunnel);
    } catch (IOException over) {
      // the server let it go
    }
  }

  @Test
  void largestFramesAreTaken() throws Exception {
    byte[] most = Bytes.of(1, 65_536);
    try (Socket user = evilsUser()) {
      Opened opened = nextOpening();
      opened.tunnel().out().write(all(numbered(OPENED, opened.number()), frame(DATA, most)));
      assertArrayEquals(most, user.getInputStream().readNBytes(most.length));
      opened.tunnel().out().write(frame(RESET, new byte[1_024])); // of opening 0: a breach
      isClosedAtOnce("RESET 0", opened.tunnel());
      isReset("RESET 0", user);
    }
  }

  private Socket evilsUser() throws IOException {
    Socket user = new Socket("127.0.0.1", port);
    user.setSoTimeout(PATIENCE_SECONDS * 1000);
    user.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
    return user;
  }

  private Opened nextOpening() throws InterruptedException {
    Opened next = openings.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    assertNotNull(next, "no tunnel was opened for the user: " + pair.events().all());
    return next;
  }

  /** One user from OPENED to DONE, as the rules want it. */
  private static void finish(Socket user, Opened opened) throws IOException {
    opened.tunnel().out().write(all(numbered(OPENED, opened.number()), data("hi"), frame(FIN)));
    assertEquals("hi", new String(user.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
    user.shutdownOutput();
    int type = RawFrames.read(opened.tunnel().in()).type();
    while (type != FIN) {
      type = RawFrames.read(opened.tunnel().in()).type();
    }
    opened.tunnel().out().write(numbered(DONE, opened.number()));
  }

  static void isClosedAtOnce(String what, Connection tunnel) throws IOException {
    long began = System.nanoTime();
    tunnel.in().deadline(AT_ONCE);
    try {
      while (tunnel.in().read() >= 0) {
        // what was under way
      }
    } catch (java.net.SocketTimeoutException stillThere) {
      throw new AssertionError(what + ": still open after " + AT_ONCE, stillThere);
    } catch (IOException reset) {
      // closed, too
    } finally {
      tunnel.close();
    }
    assertTrue(System.nanoTime() - began < AT_ONCE.plusSeconds(1).toNanos(), what);
  }

  private static void isReset(String what, Socket user) throws IOException {
    if (HONEST_ENDS.contains(what)) {
      user.getInputStream().readAllBytes();
      Awaitility.await(what)
          .atMost(AT_ONCE)
          .until(() -> {
            try {
              user.getOutputStream().write(0);
              return false;
            } catch (SocketException reset) {
              return true;
            }
          });
      return;
    }
    SocketException reset =
        assertThrows(
            SocketException.class,
            () -> {
              int b = user.getInputStream().read();
              throw new AssertionError("read " + b + " after " + what);
            });
    assertTrue(reset.getMessage().contains("reset"), what + ": " + reset.getMessage());
  }

  private static void isServed(Socket steady) throws IOException {
    steady.getOutputStream().write(7);
    assertEquals(7, steady.getInputStream().read());
  }
}
