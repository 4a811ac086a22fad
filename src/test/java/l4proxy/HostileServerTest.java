package l4proxy;

import static l4proxy.HostileTunnelsTest.isClosedAtOnce;
import static l4proxy.RawFrames.DATA;
import static l4proxy.RawFrames.DONE;
import static l4proxy.RawFrames.FIN;
import static l4proxy.RawFrames.OPEN;
import static l4proxy.RawFrames.OPENED;
import static l4proxy.RawFrames.REFUSED;
import static l4proxy.RawFrames.RESET;
import static l4proxy.RawFrames.all;
import static l4proxy.RawFrames.data;
import static l4proxy.RawFrames.frame;
import static l4proxy.RawFrames.numbered;
import static l4proxy.RawFrames.open;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.wire.Message;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that turned against its client: the client dials nothing but its own backend and the
 * server it was given, closes what breaks the rules, and stays within its bounds.
 */
@Timeout(120)
final class HostileServerTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;

  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final PrintStream stderr = System.err;
  private final RecordedEvents events = new RecordedEvents();
  private final AtomicInteger trapped = new AtomicInteger();
  private EchoBackend backend;
  private EchoBackend trap;
  private FakeServer server;
  private ProxyClient client;
  private Thread running;
  private Connection control;

  @BeforeEach
  void start() throws Exception {
    System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
    backend = new EchoBackend();
    trap = new EchoBackend(socket -> trapped.incrementAndGet());
    server = new FakeServer();
    start(ServiceConfig.of("echo", backend.address(), 0));
  }

  private void start(ServiceConfig service) throws Exception {
    client =
        new ProxyClient(
            new ClientConfig(server.address(), List.of(service), directory),
            new Trust(Optional.empty(), Optional.empty(), pin -> {}),
            (which, where) -> {},
            events,
            "test");
    running = ProxyPair.start(client);
    control = server.nextClient();
  }

  private void stop() throws InterruptedException {
    client.close();
    running.join();
  }

  @AfterEach
  void nothingElseWasDialledAndNothingWasThrownToTheLog() throws Exception {
    stop();
    Awaitility.await().atMost(SOON).until(() -> backend.connections() == 0);
    server.close();
    trap.close();
    backend.close();
    System.setErr(stderr);
    assertEquals(0, trapped.get(), "somebody else was dialled");
    String log = errors.toString(StandardCharsets.UTF_8);
    assertFalse(log.contains("\tat ") || log.contains("Exception"), log);
  }

  private Connection tunnel() throws Exception {
    server.ask(control, 1, false, 0);
    Connection tunnel = server.nextTunnel();
    tunnel.in().deadline(SOON);
    return tunnel;
  }

  private static Map<String, byte[]> breaches() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    byte[] open = open(1, 0);
    all.put("OPENED from a server", numbered(OPENED, 1));
    all.put("REFUSED from a server", numbered(REFUSED, 1));
    all.put("DONE from a server", all(open, frame(FIN), numbered(DONE, 1)));
    all.put("DATA before OPEN", data("x"));
    all.put("FIN before OPEN", frame(FIN));
    all.put("RESET of an opening to come", numbered(RESET, 1));
    all.put("OPEN within an opening", all(open, open(2, 0)));
    all.put("FIN twice", all(open, frame(FIN), frame(FIN)));
    all.put("DATA after FIN", all(open, frame(FIN), data("x")));
    all.put("DATA after RESET", all(open, numbered(RESET, 1), data("x")));
    all.put("RESET of the next", all(open, numbered(RESET, 2)));
    all.put("OPEN 0", open(0, 0));
    all.put("OPEN -1", open(-1, 0));
    all.put("OPEN of a number too large", open("{\"number\":4294967297,\"service\":0}"));
    all.put("OPEN without a number", open("{}"));
    all.put("OPEN of null", open("null"));
    all.put("OPEN that is no JSON", open("[[[["));
    all.put(
        "OPEN with a long address",
        open("{\"number\":1,\"service\":0,\"user\":\"" + "a".repeat(65) + "\",\"address\":\"\"}"));
    all.put("OPEN of one byte", frame(OPEN, (byte) '{'));
    all.put("OPEN of 16 KiB and one", frame(OPEN, 16_385, new byte[0]));
    all.put("DATA of 64 KiB and one", all(open, frame(DATA, 65_537, new byte[0])));
    all.put("DATA of nothing", all(open, frame(DATA)));
    all.put("type 0", frame(0));
    all.put("type 10", all(open, frame(10)));
    return all;
  }

  @Test
  void eachBreachClosesItsTunnelAtOnceAndNobodyElseNotices() throws Exception {
    Connection steady = tunnel();
    steady.out().write(open(1, 0));
    isOpened(steady, 1);
    for (Map.Entry<String, byte[]> breach : breaches().entrySet()) {
      Connection tunnel = tunnel();
      tunnel.out().write(breach.getValue());
      isClosedAtOnce(breach.getKey(), tunnel);
      steady.out().write(data("ping"));
      RawFrames.Frame echo = nextFrame(steady);
      assertEquals("ping", new String(echo.payload(), StandardCharsets.US_ASCII), breach.getKey());
    }
    Awaitility.await().atMost(SOON).until(() -> backend.connections() == 1); // the steady one
  }

  @Test
  void numberThatCameBeforeIsABreachAndLateResetsArePassedOver() throws Exception {
    Connection tunnel = tunnel();
    tunnel.out().write(all(open(1, 0), frame(FIN)));
    isOpened(tunnel, 1);
    assertEquals(FIN, nextFrame(tunnel).type());
    assertEquals(DONE, nextFrame(tunnel).type());
    tunnel.out().write(all(numbered(RESET, 1), open(2, 0), numbered(RESET, 1), data("x")));
    isOpened(tunnel, 2);
    assertEquals("x", new String(nextFrame(tunnel).payload(), StandardCharsets.US_ASCII));
    tunnel.out().write(frame(FIN));
    assertEquals(FIN, nextFrame(tunnel).type());
    assertEquals(DONE, nextFrame(tunnel).type());
    tunnel.out().write(open(2, 0));
    isClosedAtOnce("OPEN 2 again", tunnel);
  }

  @Test
  void backendThatIsNotConfiguredIsNotDialled() throws Exception {
    Connection tunnel = tunnel();
    int number = 0;
    for (String more :
        List.of(
            "\"service\":1",
            "\"service\":2147483647",
            "\"service\":1,\"backend\":\"127.0.0.1:%d\"".formatted(trap.port()),
            "\"service\":7,\"host\":\"127.0.0.1\",\"port\":%d".formatted(trap.port()))) {
      number++;
      tunnel
          .out()
          .write(
              open("{\"number\":%d,%s,\"user\":\"u\",\"address\":\"a\"}".formatted(number, more)));
      RawFrames.Frame refused = nextFrame(tunnel);
      assertEquals(REFUSED, refused.type(), more);
      tunnel.out().write(frame(FIN));
      assertEquals(DONE, nextFrame(tunnel).type());
    }
    String own = "{\"number\":9,\"service\":0,\"user\":\"u\",\"address\":\"a\",\"port\":%d}";
    tunnel.out().write(open(own.formatted(trap.port())));
    isOpened(tunnel, 9);
    tunnel.out().write(data("mine"));
    assertEquals("mine", new String(nextFrame(tunnel).payload(), StandardCharsets.US_ASCII));
    assertEquals(1, backend.connections());
  }

  @Test
  void tunnelsGoNowhereElseAndNeverUnencryptedUnasked() throws Exception {
    server.ask(control, 10, false, trap.port());
    server.ask(control, 10, true, trap.port());
    server.ask(control, 10, true, 0);
    Connection proper = tunnel(); // which is asked for behind them
    assertTrue(proper.encrypted());
    proper.out().write(open(1, 0));
    isOpened(proper, 1);
    assertEquals(0, server.tunnels(), "an unencrypted tunnel that the client did not ask for");
  }

  @Test
  void messagesBeyondTheBoundsEndTheControlConnectionAndNothingElse() throws Exception {
    byte[] twoGigabytes = ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE).array();
    byte[] negative = ByteBuffer.allocate(4).putInt(-1).array();
    byte[] long16 = ByteBuffer.allocate(4 + 16_385).putInt(16_385).array();
    byte[] nested = ByteBuffer.allocate(4 + 10_000).putInt(10_000).array();
    java.util.Arrays.fill(nested, 4, nested.length, (byte) '[');
    for (byte[] huge : List.of(twoGigabytes, negative, long16, nested)) {
      server.say(control, huge);
      control = server.nextClient(); // it comes back
    }
    server.tell(control, new Message.Control(null, "v", "d", FakeClient.id()));
    control = server.nextClient();
    Connection tunnel = tunnel();
    tunnel.out().write(open(1, 0));
    isOpened(tunnel, 1);
  }

  @Test
  void endlessDemandForTunnelsIsMetWithinBounds() throws Exception {
    stop();
    start(plainly());
    for (int i = 0; i < 50; i++) {
      server.ask(control, Message.Tunnels.MOST, true, 0); // 20,000 tunnels
    }
    int before = -1;
    while (before != server.tunnels()) { // until no more come
      before = server.tunnels();
      TimeUnit.SECONDS.sleep(1);
    }
    assertTrue(before >= 500, "only " + before + " tunnels");
    assertTrue(before <= 1_100, before + " tunnels wait for nobody");
    isServed(server.nextTunnel());
  }

  /** A server that is taken over keeps those that its users leave, for a while. */
  @Test
  void tunnelsOfAServerThatIsTakenOverAreNotCountedAgainstTheNext() throws Exception {
    stop();
    start(plainly());
    allThatItOpens();
    server.tell(control, new Message.TakenOver());
    control = server.nextClient();
    server.ask(control, 1, true, 0);
    isServed(server.nextTunnel());
  }

  /** Those may be for one service, and the next that is wanted for another. */
  @Test
  void tunnelsThatUsersHaveLeftDoNotCount() throws Exception {
    stop();
    start(plainly());
    List<Connection> all = allThatItOpens();
    for (Connection each : all) {
      each.out().write(open(1, 0));
      isOpened(each, 1);
    }
    for (Connection each : all) {
      each.out().write(frame(FIN));
      assertEquals(FIN, nextFrame(each).type());
      assertEquals(DONE, nextFrame(each).type());
    }
    server.ask(control, 1, true, 0);
    isServed(server.nextTunnel());
  }

  private ServiceConfig plainly() {
    return new ServiceConfig(
        "echo", backend.address(), 0, true, Optional.empty(), 0, Optional.empty());
  }

  /** Asks for tunnels until no more come. */
  private List<Connection> allThatItOpens() throws Exception {
    for (int i = 0; i < 4; i++) {
      server.ask(control, Message.Tunnels.MOST, true, 0);
    }
    List<Connection> all = new ArrayList<>();
    while (all.size() < 1_000) {
      all.add(server.nextTunnel());
    }
    TimeUnit.MILLISECONDS.sleep(500); // a few more may be on their way, and then none
    while (server.tunnels() > 0) {
      all.add(server.nextTunnel());
    }
    return all;
  }

  private static void isServed(Connection tunnel) throws IOException {
    tunnel.in().deadline(SOON);
    tunnel.out().write(open(1, 0));
    isOpened(tunnel, 1);
  }

  /** Its tunnel broke while the client connected it: that is no clean end. */
  @Test
  void backendIsResetWhenTheTunnelBreaksBeforeItIsConnected() throws Exception {
    stop();
    List<Socket> fillers = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      start(ServiceConfig.of("full", new HostPort("127.0.0.1", full.getLocalPort()), 0));
      Connection tunnel = tunnel();
      fill(full, fillers);
      tunnel.out().write(open(1, 0));
      Awaitility.await().until(() -> isBeingDialled(full.getLocalPort()));
      tunnel.abort();
      for (Socket each : fillers) {
        full.accept().close();
        each.close();
      }
      full.setSoTimeout(20_000);
      try (Socket dialled = full.accept()) {
        dialled.setSoTimeout(20_000);
        assertThrows(SocketException.class, () -> dialled.getInputStream().read());
      }
    }
  }

  /** Connects until nobody else can. */
  private static void fill(ServerSocket full, List<Socket> fillers) throws IOException {
    while (true) {
      Socket one = new Socket();
      try {
        one.connect(full.getLocalSocketAddress(), 300);
        fillers.add(one);
      } catch (SocketTimeoutException isFull) {
        one.close();
        return;
      }
    }
  }

  /** Whether somebody waits for an answer of that port (proc(5), net/tcp: state 2 is SYN_SENT). */
  private static boolean isBeingDialled(int port) throws IOException {
    String to = ":%04X 02 ".formatted(port);
    return Files.readString(Path.of("/proc/net/tcp")).contains(to)
        || Files.readString(Path.of("/proc/net/tcp6")).contains(to);
  }

  @Test
  void fewTunnelsAreOpenedAtTheSameTime() throws Exception {
    server.holdUp(Duration.ofMillis(100)); // so long each takes at least
    server.ask(control, 100, false, 0);
    for (int i = 0; i < 100; i++) {
      server.nextTunnel();
    }
    // 16, and those whose tickets are still on the way to be read
    assertTrue(server.mostMeeting() <= 50, server.mostMeeting() + " tunnels opened at once");
  }

  @Test
  void takeoversWithoutEndLeaveFewControlConnections() throws Exception {
    for (int i = 0; i < 30; i++) {
      server.tell(control, new Message.TakenOver()); // which never ends
      control = server.nextClient();
    }
    Awaitility.await()
        .atMost(SOON)
        .untilAsserted(() -> assertEquals(9, server.clients(), "control connections"));
  }

  @Test
  void takeoversWithoutEndAreFollowedWithPauses() throws Exception {
    int followed = 0;
    for (long end = System.nanoTime() + 2_000_000_000; System.nanoTime() < end; followed++) {
      server.tell(control, new Message.TakenOver());
      control.close();
      control = server.nextClient();
    }
    assertTrue(followed < 40, followed + " in 2 s");
  }

  private static void isOpened(Connection tunnel, int number) throws IOException {
    RawFrames.Frame frame = nextFrame(tunnel);
    assertEquals(OPENED, frame.type());
    assertEquals(number, ByteBuffer.wrap(frame.payload()).getInt());
  }

  /** The next frame but PING and PONG. */
  private static RawFrames.Frame nextFrame(Connection tunnel) throws IOException {
    RawFrames.Frame frame = RawFrames.read(tunnel.in());
    while (frame.type() >= RawFrames.PING) {
      frame = RawFrames.read(tunnel.in());
    }
    return frame;
  }
}
