package l4proxy.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import l4proxy.EchoBackend;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.net.Watch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** CONNECT makes a connection of two, with nothing in between. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class ConnectTest {
  private static final String DONE = "HTTP/1.1 200 Connection established\r\n\r\n";

  private static String connect(int port) {
    return "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n".formatted(port, port);
  }

  @Test
  void bytesPassBothWaysUntouched() throws Exception {
    byte[] bytes = new byte[2_000_000];
    new Random(3).nextBytes(bytes);
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port()));
      assertEquals(DONE, user.head());
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  user.out().write(bytes);
                  user.socket().shutdownOutput();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      assertArrayEquals(bytes, user.in().readAllBytes());
      writer.join();
    }
  }

  @Test
  void bytesSentWithTheRequestArePassedOn() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port()) + "hello");
      assertEquals(DONE, user.head());
      assertEquals("hello", user.read(5));
    }
  }

  @Test
  void halfCloseIsPassedOn() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    try (EchoBackend backend =
            new EchoBackend(socket -> {
              assertEquals(-1, socket.getInputStream().read());
              ended.countDown();
              socket.getOutputStream().write("late".getBytes(StandardCharsets.US_ASCII));
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port()));
      assertEquals(DONE, user.head());
      user.socket().shutdownOutput();
      ended.await();
      assertEquals("late", user.rest());
    }
  }

  private static Thread watched(Tunnelled tunnelled, Watch watch) {
    watch.add(tunnelled);
    return Thread.ofVirtual()
        .start(() -> {
          try {
            tunnelled.run();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  @Test
  void halfClosedAndSilentIsReset() throws Exception {
    try (Loopback users = Loopback.pair();
        Loopback hosts = Loopback.pair();
        Watch watch = new Watch()) {
      Tunnelled tunnelled =
          new Tunnelled(users.connection(), hosts.connection(), Duration.ofMillis(1));
      Thread running = watched(tunnelled, watch);
      users.other().getOutputStream().write('x');
      assertEquals('x', hosts.other().getInputStream().read());
      assertThrows( // silent, but whole: nothing happens for two ticks and more
          SocketTimeoutException.class,
          () -> {
            users.other().setSoTimeout(1200);
            users.other().getInputStream().read();
          });
      users.other().setSoTimeout(20_000);
      users.other().shutdownOutput();
      assertThrows(SocketException.class, () -> users.other().getInputStream().read());
      running.join();
    }
  }

  /** Whoever does not read for a while is waited for, ten times as long as for silence. */
  @Test
  void halfClosedAndSlowIsNotReset() throws Exception {
    try (Loopback users = Loopback.pair();
        Loopback hosts = Loopback.pair();
        Watch watch = new Watch()) {
      Tunnelled tunnelled =
          new Tunnelled(users.connection(), hosts.connection(), Duration.ofSeconds(2));
      Thread running = watched(tunnelled, watch);
      users.other().shutdownOutput();
      byte[] much = new byte[32 * 1024 * 1024];
      Thread host =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  hosts.other().getOutputStream().write(much);
                  hosts.other().shutdownOutput();
                } catch (IOException broken) {
                  // the user will miss something
                }
              });
      Thread.sleep(5_000); // what the user does instead of reading
      users.other().setSoTimeout(20_000);
      assertEquals(much.length, users.other().getInputStream().readAllBytes().length);
      host.join();
      running.join();
    }
  }

  @Test
  void resetOfTheHostIsAReset() throws Exception {
    try (EchoBackend backend =
            new EchoBackend(socket -> {
              assertEquals('x', socket.getInputStream().read());
              socket.setSoLinger(true, 0);
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port()));
      assertEquals(DONE, user.head());
      user.send("x");
      assertThrows(SocketException.class, () -> user.in().read());
    }
  }

  @Test
  void userGoneEndsTheHostsConnection() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture()) {
      try (ProxyFixture.User user = proxy.user()) {
        user.send(connect(backend.port()));
        assertEquals(DONE, user.head());
        user.socket().setSoLinger(true, 0);
      }
      Awaitility.await().until(() -> proxy.serving() == 0 && backend.connections() == 0);
    }
  }

  @Test
  void closingTheProxyEndsItsUsers() throws Exception {
    ProxyFixture proxy = new ProxyFixture();
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port()));
      assertEquals(DONE, user.head());
      proxy.close();
      int read;
      try {
        read = user.in().read();
      } catch (SocketException reset) {
        read = -1;
      }
      assertEquals(-1, read);
      Awaitility.await().until(() -> backend.connections() == 0);
    } finally {
      proxy.close();
    }
  }

  @Test
  void refusedConnectionIs502AndTheUserMayTryAnother() throws Exception {
    int closed;
    try (ServerSocket listener = Loopback.listener()) {
      closed = listener.getLocalPort();
    }
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(closed));
      String head = user.head();
      assertTrue(head.startsWith("HTTP/1.1 502 Bad Gateway\r\n"), head);
      user.read(length(head));
      user.send(connect(backend.port()));
      assertEquals(DONE, user.head());
    }
  }

  private static int length(String head) {
    return Integer.parseInt(head.replaceAll("(?s).*\r\nContent-Length: (\\d+)\r\n.*", "$1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        ":80",
        "::1:80",
        "http://127.0.0.1:80/",
        "user@127.0.0.1:80",
        "/",
        "*",
      })
  void targetThatIsNoHostAndPortIs400(String target) throws Exception {
    try (ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send("CONNECT " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
      assertTrue(user.head().startsWith("HTTP/1.1 400 "));
    }
  }

  @Test
  void ipv6HostIsReached() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"));
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(
          "CONNECT [::1]:%d HTTP/1.1\r\nHost: [::1]\r\n\r\n".formatted(listener.getLocalPort()));
      try (Socket host = listener.accept()) {
        assertEquals(DONE, user.head());
        host.getOutputStream().write('y');
        assertEquals("y", user.read(1));
      }
    }
  }
}
