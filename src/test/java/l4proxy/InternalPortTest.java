package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PlainConnection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A port of its own for the tunnels of a service, and who may come to it. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
class InternalPortTest {
  private static final Duration GONE = Duration.ofSeconds(7);
  private static final Duration MOMENT = Duration.ofMillis(500);

  @TempDir Path directory;
  private EchoBackend backend;
  private ProxyPair pair;

  @BeforeEach
  void open() throws Exception {
    backend = new EchoBackend();
    pair = new ProxyPair(directory, backend.address());
  }

  @AfterEach
  void close() {
    pair.close();
    backend.close();
  }

  private static Message.Expose exposure(int service, int internalPort, boolean plain) {
    return new Message.Expose(
        service, "own", "nowhere:1", FakeClient.id(), 0, 0, plain, internalPort, 0, null);
  }

  private static Connection dial(int port) throws IOException {
    return FakeClient.dial(new HostPort("127.0.0.1", port));
  }

  private static Connection dialPlain(int port) throws IOException {
    return new PlainConnection(new Socket("127.0.0.1", port));
  }

  private static void isSentAway(Connection connection) throws IOException {
    try (connection) {
      connection.in().deadline(GONE);
      assertEquals(-1, connection.in().read());
    } catch (SocketTimeoutException stillThere) {
      throw new AssertionError("still there after " + GONE, stillThere);
    } catch (IOException reset) {
      // gone, too
    }
  }

  private static void stays(Connection connection) throws IOException {
    connection.in().deadline(MOMENT);
    assertThrows(SocketTimeoutException.class, () -> connection.in().read());
  }

  @Test
  void ticketIsGoodOnlyAtItsPort() throws Exception {
    try (FakeClient client = new FakeClient(pair)) {
      Message.Tunnels wanted = client.expose(exposure(1, 0, false));
      assertTrue(wanted.port() >= 10_000 && wanted.port() <= 32_000, "of --ports");
      Connection elsewhere = client.dial();
      Messages.write(elsewhere.out(), client.hello(wanted.tickets().getFirst()));
      isSentAway(elsewhere);
      try (Connection there = dial(wanted.port())) {
        Messages.write(there.out(), client.hello(wanted.tickets().getLast()));
        stays(there);
      }
    }
  }

  @Test
  void ticketForTheControlPortIsNoGoodAtAnInternalOne() throws Exception {
    try (FakeClient client = new FakeClient(pair)) {
      int port = client.expose(exposure(1, 0, false)).port();
      Message.Tunnels usual = client.expose("usual");
      assertEquals(0, usual.port());
      Connection there = dial(port);
      Messages.write(there.out(), client.hello(usual.tickets().getFirst()));
      isSentAway(there);
    }
  }

  @Test
  void unencryptedTunnelsArriveThereWhenTheyAreToBeSo() throws Exception {
    try (FakeClient client = new FakeClient(pair)) {
      Message.Tunnels wanted = client.expose(exposure(1, 0, true));
      assertTrue(wanted.plain());
      Connection encrypted = dial(wanted.port());
      Messages.write(encrypted.out(), client.hello(wanted.tickets().getFirst()));
      isSentAway(encrypted);
      try (Connection plain = dialPlain(wanted.port())) {
        Messages.write(plain.out(), client.hello(wanted.tickets().getLast()));
        stays(plain);
      }
    }
  }

  @Test
  void nothingButTunnelsMayComeThere() throws Exception {
    try (FakeClient client = new FakeClient(pair)) {
      int port = client.expose(exposure(1, 0, false)).port();
      Connection control = dial(port);
      Messages.write(
          control.out(),
          new Message.Control(pair.joinKey().secret(), "fake", "127.0.0.1", FakeClient.id()));
      isSentAway(control);
      Connection http = dial(port);
      Messages.write(http.out(), new Message.Http());
      http.out().write("GET /healthz HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      isSentAway(http);
      Connection noise = dialPlain(port);
      noise.out().write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      isSentAway(noise);
    }
  }

  @Test
  void oneOfAKeyIsSharedAndClosedWithItsLastService() throws Exception {
    try (FakeClient one = new FakeClient(pair);
        FakeClient other = new FakeClient(pair)) {
      int port = one.expose(exposure(1, 0, false)).port();
      assertEquals(port, other.expose(exposure(2, port, false)).port());
      assertNotEquals(port, other.expose(exposure(3, 0, false)).port());
      one.send(new Message.Withdraw(1));
      dial(port).close();
      other.send(new Message.Withdraw(2));
      Awaitility.await()
          .until(() -> {
            try (Socket probe = new Socket("127.0.0.1", port)) {
              return !probe.isConnected();
            } catch (ConnectException closed) {
              return true;
            }
          });
    }
  }

  @Test
  void publicAndInternalPortsAreDifferent() throws Exception {
    try (FakeClient client = new FakeClient(pair)) {
      int port = client.expose(exposure(1, 0, false)).port();
      Message.Refused taken =
          assertInstanceOf(Message.Refused.class, client.exposeAt("public", port));
      assertTrue(taken.text().contains("where tunnels arrive"), taken.text());
      client.send(exposure(2, pair.publicPort(), false));
      Message.Refused open = assertInstanceOf(Message.Refused.class, client.next());
      assertTrue(open.text().contains("--int_port"), open.text());
      client.send(exposure(3, 9, false));
      Message.Refused outside = assertInstanceOf(Message.Refused.class, client.next());
      assertTrue(outside.text().contains("not among the ports"), outside.text());
    }
  }

  @Test
  void portOfARefusedServiceIsNotKept() throws Exception {
    try (FakeClient client = new FakeClient(pair)) {
      int port = client.expose(exposure(1, 0, false)).port();
      client.send(
          new Message.Expose(
              2, "x", "b", FakeClient.id(), pair.publicPort(), 0, false, port + 1, 0, null));
      assertInstanceOf(Message.Refused.class, client.next());
      assertThrows(ConnectException.class, () -> dial(port + 1));
    }
  }
}
