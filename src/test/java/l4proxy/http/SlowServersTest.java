package l4proxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.EchoBackend;
import l4proxy.LeakCheck;
import l4proxy.net.Sockets;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** How long a server may take to answer, and what becomes of its user meanwhile. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class SlowServersTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  private static final String PASSED =
      "HTTP/1.1 200 OK\r\nVia: 1.1 l4proxy\r\nContent-Length: 2\r\n\r\n";

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String request(String method, int port, String more) {
    return "%s http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n%s\r\n".formatted(method, port, more);
  }

  @Test
  void uploadMayLastLongerThanTheServerMayBeSilent() throws Exception {
    for (boolean chunks : new boolean[] {false, true}) {
      try (EchoBackend server =
              new EchoBackend(socket -> {
                ProxyFixture.head(socket.getInputStream());
                String body =
                    chunks
                        ? ProxyFixture.chunks(socket.getInputStream())
                        : new String(
                            socket.getInputStream().readNBytes(75), StandardCharsets.US_ASCII);
                send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 75\r\n\r\n" + body);
              });
          ProxyFixture proxy = new ProxyFixture(Duration.ofSeconds(2));
          ProxyFixture.User user = proxy.user()) {
        String framing = chunks ? "Transfer-Encoding: chunked\r\n" : "Content-Length: 75\r\n";
        user.send(request("POST", server.port(), framing));
        for (int i = 0; i < 25; i++) {
          TimeUnit.MILLISECONDS.sleep(100); // that time passes is what matters
          user.send(chunks ? "3\r\nabc\r\n" : "abc");
        }
        user.send(chunks ? "0\r\n\r\n" : "");
        String head = user.head();
        assertTrue(head.startsWith("HTTP/1.1 200 "), head);
        assertEquals("abc".repeat(25), user.read(75));
      }
    }
  }

  @Test
  void serverThatIsSilentForTooLongIs504() throws Exception {
    for (String request :
        new String[] {
          request("GET", 0, ""), request("POST", 0, "Content-Length: 4\r\n") + "body",
        }) {
      try (EchoBackend server = new EchoBackend(socket -> socket.getInputStream().readAllBytes());
          ProxyFixture proxy = new ProxyFixture(Duration.ofMillis(500));
          ProxyFixture.User user = proxy.user()) {
        user.send(request.replace(":0/", ":" + server.port() + "/"));
        assertTrue(user.head().startsWith("HTTP/1.1 504 "));
      }
    }
  }

  @Test
  void serverThatTakesNoMoreOfABodyThatItHasAcceptedIsAReset() throws Exception {
    for (boolean closes : new boolean[] {false, true}) {
      CountDownLatch over = new CountDownLatch(1);
      try (EchoBackend server =
              new EchoBackend(socket -> {
                ProxyFixture.head(socket.getInputStream());
                send(socket, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
                if (!closes) {
                  over.await();
                }
              });
          ProxyFixture proxy = new ProxyFixture(Duration.ofMillis(500));
          ProxyFixture.User user = proxy.user()) {
        user.send(request("POST", server.port(), "Content-Length: 100000000\r\n"));
        String head = user.head();
        assertTrue(head.startsWith("HTTP/1.1 202 "), head);
        assertThrows(
            SocketException.class,
            () -> {
              for (int i = 0; i < 1000; i++) {
                user.send("x".repeat(100_000));
              }
              user.rest();
            });
        Awaitility.await().until(() -> proxy.serving() == 0);
      } finally {
        over.countDown();
      }
    }
  }

  @Test
  void headThatIsBegunAndNotEndedInTimeIs504() throws Exception {
    try (EchoBackend server =
            new EchoBackend(socket -> {
              send(socket, "HTTP/1.1 200 O");
              socket.getInputStream().readAllBytes();
            });
        ProxyFixture proxy = new ProxyFixture(Duration.ofMillis(500));
        ProxyFixture.User user = proxy.user()) {
      user.send(request("GET", server.port(), ""));
      assertTrue(user.head().startsWith("HTTP/1.1 504 "));
    }
  }

  /** Serves requests of which each is answered when it has taken a while. */
  private static void answerSlowly(Socket socket, CountDownLatch asked)
      throws IOException, InterruptedException {
    while (!ProxyFixture.head(socket.getInputStream()).isEmpty()) {
      asked.countDown();
      TimeUnit.MILLISECONDS.sleep(1500); // so that it is looked whether the user is there
      send(socket, OK);
    }
  }

  @Test
  void userWhoEndsItsSideStillGetsALateResponse() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (EchoBackend server = new EchoBackend(socket -> answerSlowly(socket, asked));
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(request("GET", server.port(), ""));
      asked.await();
      user.socket().shutdownOutput();
      assertEquals(PASSED + "ok", user.rest());
    }
  }

  @Test
  void requestThatComesBeforeALateResponseIsServed() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (EchoBackend server = new EchoBackend(socket -> answerSlowly(socket, asked));
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(request("GET", server.port(), ""));
      asked.await();
      user.send(request("GET", server.port(), ""));
      for (int i = 0; i < 2; i++) {
        assertEquals(PASSED, user.head());
        assertEquals("ok", user.read(2));
      }
    }
  }

  @Test
  void serverIsNotWaitedForWhenTheUserHasBrokenOff() throws Exception {
    for (String method : new String[] {"GET", "POST"}) {
      CountDownLatch asked = new CountDownLatch(1);
      CountDownLatch over = new CountDownLatch(1);
      try (EchoBackend server =
              new EchoBackend(socket -> {
                try {
                  ProxyFixture.head(socket.getInputStream());
                  socket.getInputStream().readNBytes(method.equals("POST") ? 4 : 0);
                  asked.countDown();
                  socket.getInputStream().read();
                } finally {
                  over.countDown();
                }
              });
          ProxyFixture proxy = new ProxyFixture();
          ProxyFixture.User user = proxy.user()) {
        boolean post = method.equals("POST");
        user.send(request(method, server.port(), post ? "Content-Length: 4\r\n" : ""));
        user.send(post ? "body" : "");
        asked.await();
        Sockets.abort(user.socket());
        assertTrue(over.await(10, TimeUnit.SECONDS));
        Awaitility.await().until(() -> proxy.serving() == 0);
      }
    }
  }

  @Test
  void requestOfAUserWhoHasBrokenOffIsNotSentAgain() throws Exception {
    AtomicInteger connections = new AtomicInteger();
    CountDownLatch asked = new CountDownLatch(1);
    try (EchoBackend server =
            new EchoBackend(socket -> {
              connections.incrementAndGet();
              ProxyFixture.head(socket.getInputStream());
              send(socket, OK);
              ProxyFixture.head(socket.getInputStream());
              asked.countDown();
              socket.getInputStream().read();
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(request("GET", server.port(), ""));
      assertEquals(PASSED, user.head());
      assertEquals("ok", user.read(2));
      user.send(request("GET", server.port(), ""));
      asked.await();
      Sockets.abort(user.socket());
      Awaitility.await().until(() -> proxy.serving() == 0);
      assertEquals(1, connections.get());
    }
  }
}
