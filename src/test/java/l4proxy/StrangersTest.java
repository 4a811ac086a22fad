package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import l4proxy.auth.Tls;
import l4proxy.client.ProxyClient;
import l4proxy.client.ServiceConfig;
import l4proxy.events.Event;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PlainConnection;
import l4proxy.net.TlsConnection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What strangers do to the control port: each is gone within 5 s, and a real client joins within 2
 * s meanwhile.
 */
@Timeout(90)
class StrangersTest {
  private static final Duration GONE = Duration.ofMillis(5_000);
  private static final Duration JOINED = Duration.ofMillis(2_000);
  private static final String TICKET = "A".repeat(22);

  @TempDir Path directory;

  private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  private final PrintStream stderr = System.err;
  private EchoBackend backend;
  private ProxyPair pair;

  @BeforeEach
  void start() throws Exception {
    System.setErr(new PrintStream(errors, true, StandardCharsets.UTF_8));
    backend = new EchoBackend();
    pair = new ProxyPair(directory, backend.address());
  }

  @AfterEach
  void nothingWasThrownToTheLog() {
    pair.close();
    backend.close();
    System.setErr(stderr);
    String log = errors.toString(StandardCharsets.UTF_8);
    assertFalse(log.contains("\tat ") || log.contains("Exception"), log);
  }

  @Test
  void oneMegabyteOfNoise() throws Exception {
    byte[] noise = Bytes.of(1, 1_000_000);
    isSentAway(out -> out.write(noise));
    noise[0] = 0x16; // as if TLS began
    isSentAway(out -> out.write(noise));
    noise[0] = 0; // as if an unencrypted tunnel's message began
    isSentAway(out -> out.write(noise));
  }

  @Test
  void halfAMessage() throws Exception {
    isSentAway(out -> out.write(new byte[] {0, 0}));
    isSentAway(out -> out.write(new byte[] {0, 0, 0, 100, '{', '"'}));
    isSentAway(out -> out.write(new byte[] {0x16, 3, 1, 0}));
  }

  @Test
  void messageThatClaimsTwoGigabytes() throws Exception {
    isSentAway(out -> out.write(ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE).array()));
    insideTlsIsSentAway(
        c -> c.out().write(ByteBuffer.allocate(8).putInt(Integer.MAX_VALUE).array()));
    insideTlsIsSentAway(c -> c.out().write(ByteBuffer.allocate(8).putInt(-1).array()));
  }

  @Test
  void halfAMessageInsideTls() throws Exception {
    insideTlsIsSentAway(c -> c.out().write(new byte[] {0, 0, 1, 0, '{'}));
    insideTlsIsSentAway(c -> {});
  }

  @Test
  void connectAndClose() throws Exception {
    for (int i = 0; i < 300; i++) {
      new Socket("127.0.0.1", port()).close();
    }
    realClientJoins("after");
  }

  @Test
  void sixHundredWhoSayNothing() throws Exception {
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < 600; i++) {
        Socket socket = new Socket("127.0.0.1", port());
        socket.setSoTimeout((int) GONE.toMillis());
        silent.add(socket);
      }
      long began = System.nanoTime();
      realClientJoins("meanwhile");
      for (Socket each : silent) {
        awaitEnd(each, began);
      }
    } finally {
      for (Socket each : silent) {
        each.close();
      }
    }
  }

  @Test
  void plainHttp() throws Exception {
    isSentAway(
        out -> out.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void tlsOneTwo() throws Exception {
    SSLContext context = Tls.client(pin -> true);
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port())) {
      socket.setSoTimeout((int) GONE.toMillis());
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      long began = System.nanoTime();
      org.junit.jupiter.api.Assertions.assertThrows(
          javax.net.ssl.SSLException.class, socket::startHandshake);
      assertTrue(System.nanoTime() - began < GONE.toNanos());
    }
    realClientJoins("after");
  }

  @Test
  void httpInsideTlsThatNeverEndsItsHead() throws Exception {
    SSLContext context = Tls.client(pin -> true);
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port())) {
      socket.setSoTimeout((int) GONE.toMillis());
      socket.startHandshake();
      socket
          .getOutputStream()
          .write("GET /healthz HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
      long began = System.nanoTime();
      awaitEnd(socket, began);
    }
  }

  @Test
  void unknownTicket() throws Exception {
    insideTlsIsSentAway(c -> Messages.write(c.out(), new Message.TunnelHello(TICKET, TICKET)));
    isSentAway(out -> Messages.write(out, new Message.TunnelHello(TICKET, TICKET)));
  }

  @Test
  void ticketServesOnceAndForItsKindAlone() throws Exception {
    try (FakeClient client = new FakeClient(pair)) {
      String ticket = client.expose("one").tickets().getFirst();
      try (Connection first = client.dial()) {
        Messages.write(first.out(), client.hello(ticket));
        insideTlsIsSentAway(c -> Messages.write(c.out(), client.hello(ticket)));
        first.in().deadline(Duration.ofMillis(500));
        org.junit.jupiter.api.Assertions.assertThrows(
            SocketTimeoutException.class, () -> first.in().read()); // it stays
      }
      String other = client.nextTunnels().tickets().getFirst();
      isSentAway(out -> Messages.write(out, client.hello(other)));
    }
  }

  @Test
  void ticketGrowsOld() throws Exception {
    try (FakeClient client = new FakeClient(pair)) {
      String ticket = client.expose("old").tickets().getFirst();
      long issued = System.nanoTime();
      Message.Tunnels again = client.nextTunnels(); // asked for once more when the first grew old
      assertTrue(System.nanoTime() - issued > Duration.ofSeconds(9).toNanos());
      assertNotNull(again);
      insideTlsIsSentAway(c -> Messages.write(c.out(), client.hello(ticket)));
    }
  }

  @Test
  void anotherClientsTicketServesNobody() throws Exception {
    try (FakeClient victim = new FakeClient(pair);
        FakeClient thief = new FakeClient(pair)) {
      String stolen = victim.expose("victim").tickets().getFirst();
      thief.expose("thief");
      insideTlsIsSentAway(c -> Messages.write(c.out(), thief.hello(stolen)));
      insideTlsIsSentAway(c -> Messages.write(c.out(), victim.hello(stolen))); // used up
    }
  }

  @Test
  void firstMessageOutOfPlace() throws Exception {
    insideTlsIsSentAway(c -> Messages.write(c.out(), new Message.Draining()));
    insideTlsIsSentAway(c -> c.out().write(message("[".repeat(10_000))));
    insideTlsIsSentAway(c -> c.out().write(message("{\"type\":\"control\"}")));
    insideTlsIsSentAway(c -> c.out().write(message("{\"type\":7}")));
  }

  @Test
  void wrongKeyIsToldSo() throws Exception {
    try (TlsConnection connection = FakeClient.dial(pair.server().controlAddress())) {
      Messages.write(
          connection.out(),
          new Message.Control("B".repeat(43), "test", "127.0.0.1", FakeClient.id()));
      Message.Rejected no = (Message.Rejected) Messages.read(connection.in());
      assertTrue(no.lasting());
      assertTrue(no.text().contains("does not know this key"), no.text());
    }
  }

  private static byte[] message(String json) {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes).array();
  }

  @FunctionalInterface
  private interface Saying {
    void to(OutputStream out) throws IOException;
  }

  @FunctionalInterface
  private interface SayingInside {
    void to(Connection connection) throws IOException;
  }

  /** A stranger that says something and listens: gone within 5 s, while a real client joins. */
  private void isSentAway(Saying saying) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", port())) {
      socket.setSoTimeout((int) GONE.toMillis());
      long began = System.nanoTime();
      try {
        saying.to(socket.getOutputStream());
      } catch (IOException sentAwayAlready) {
        return;
      }
      realClientJoins("meanwhile" + new Random().nextInt(1000));
      awaitEnd(socket, began);
    }
  }

  private void insideTlsIsSentAway(SayingInside saying) throws Exception {
    try (TlsConnection connection = FakeClient.dial(pair.server().controlAddress())) {
      long began = System.nanoTime();
      saying.to(connection);
      connection.in().deadline(GONE);
      try {
        assertEquals(-1, connection.in().read());
      } catch (SocketTimeoutException stillThere) {
        throw new AssertionError("still there after " + GONE, stillThere);
      } catch (IOException reset) {
        // gone, too
      }
      assertTrue(System.nanoTime() - began < GONE.toNanos());
    }
  }

  private static void awaitEnd(Socket socket, long began) throws IOException {
    try {
      while (socket.getInputStream().read() >= 0) {
        // an alert, perhaps
      }
    } catch (SocketTimeoutException stillThere) {
      throw new AssertionError("still there after " + GONE, stillThere);
    } catch (IOException reset) {
      // gone, too
    }
    assertTrue(
        System.nanoTime() - began < GONE.plusSeconds(1).toNanos(),
        () -> "gone only after " + (System.nanoTime() - began) / 1_000_000 + " ms");
  }

  private void realClientJoins(String name) throws Exception {
    BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    String shortName = name.substring(0, Math.min(19, name.length()));
    try (ProxyClient client =
        pair.newClient(shortName, ServiceConfig.of(shortName, backend.address(), 0), reachable)) {
      long began = System.nanoTime();
      Thread running = ProxyPair.start(client);
      HostPort address = reachable.poll(JOINED.toMillis(), TimeUnit.MILLISECONDS);
      assertNotNull(address, "no client joined within " + JOINED);
      try (Socket user = new Socket("127.0.0.1", address.port())) {
        user.setSoTimeout(5000);
        user.getOutputStream().write('x');
        assertEquals('x', user.getInputStream().read());
      }
      assertTrue(System.nanoTime() - began < JOINED.plusSeconds(2).toNanos());
      client.close();
      running.join();
    }
  }

  private int port() {
    return pair.server().controlAddress().port();
  }

  @Test
  void strangersAreCountedAsEventsNotAsErrors() throws Exception {
    insideTlsIsSentAway(c -> Messages.write(c.out(), new Message.Draining()));
    assertEquals(1, pair.events().of(Event.StrangerDropped.class).size());
    try (Connection plain = new PlainConnection(new Socket("127.0.0.1", port()))) {
      plain.shutdownOutput();
      assertEquals(-1, plain.in().read());
    }
    org.awaitility.Awaitility.await()
        .until(() -> pair.events().of(Event.StrangerDropped.class).size() == 2);
  }
}
