package l4proxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.EchoBackend;
import l4proxy.LeakCheck;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Requests for http URLs are passed on as one HTTP/1.1 message each, and so are the responses. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class ForwardProxyTest {
  private final BlockingQueue<String> seen = new LinkedBlockingQueue<>();

  private String seen() throws InterruptedException {
    String next = seen.poll(10, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("the server saw no request");
    }
    return next;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** A server that answers each request's head alike, on one connection as long as it lasts. */
  private EchoBackend server(String answer) throws IOException {
    return new EchoBackend(socket -> {
      for (String head = ProxyFixture.head(socket.getInputStream());
          !head.isEmpty();
          head = ProxyFixture.head(socket.getInputStream())) {
        seen.add(head);
        send(socket, answer);
      }
    });
  }

  private static String get(int port, String more) {
    return "GET http://127.0.0.1:%d/a?b=c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n"
        .formatted(port, port, more);
  }

  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  private static final String PASSED =
      "HTTP/1.1 200 OK\r\nVia: 1.1 l4proxy\r\nContent-Length: 2\r\n\r\n";

  @Test
  void requestIsSentInOriginFormWithTheHostOfItsTarget() throws Exception {
    try (EchoBackend server = server(OK);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(
          "GET http://127.0.0.1:%d/a?b=c HTTP/1.1\r\nHost: elsewhere.test\r\nAccept: */*\r\n\r\n"
              .formatted(server.port()));
      assertEquals(PASSED, user.head());
      assertEquals("ok", user.read(2));
      assertEquals(
          "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: */*\r\nVia: 1.1 l4proxy\r\n\r\n"
              .formatted(server.port()),
          seen());
    }
  }

  @Test
  void pathIsMadeWhereThereIsNone() throws Exception {
    try (EchoBackend server = server(OK);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (String[] each :
          new String[][] {{"GET", "", "/"}, {"OPTIONS", "", "*"}, {"GET", "?q", "/?q"}}) {
        user.send(
            "%s http://127.0.0.1:%d%s HTTP/1.1\r\nHost: x\r\n\r\n"
                .formatted(each[0], server.port(), each[1]));
        assertEquals(PASSED, user.head());
        assertEquals("ok", user.read(2));
        String head = seen();
        assertTrue(head.startsWith(each[0] + " " + each[2] + " HTTP/1.1\r\n"), head);
      }
    }
  }

  private static String options(int port, String more) {
    return "OPTIONS http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n%s\r\n".formatted(port, more);
  }

  @Test
  void optionsThatMayGoNoFurtherIsAnsweredHere() throws Exception {
    String here =
        "HTTP/1.1 200 OK\r\nAllow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n"
            + "Content-Length: 0\r\n";
    try (EchoBackend server = server(OK);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(options(server.port(), "Max-Forwards: 0\r\n"));
      assertEquals(here + "\r\n", user.head());
      user.send(get(server.port(), "Max-Forwards: 0\r\n"));
      assertEquals(PASSED, user.head());
      assertEquals("ok", user.read(2));
      assertTrue(seen().startsWith("GET "));
      user.send(options(server.port(), "max-forwards: 00\r\nContent-Length: 4\r\n") + "body");
      assertEquals(here + "Connection: close\r\n\r\n", user.rest());
    }
  }

  @Test
  void optionsThatGoesOnMayPassOneProxyLess() throws Exception {
    try (EchoBackend server = server(OK);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (String[] each :
          new String[][] {{"1", "0"}, {"10", "9"}, {"9".repeat(30), "999999999"}, {"-1", "-1"}}) {
        user.send(options(server.port(), "Max-Forwards: " + each[0] + "\r\n"));
        assertEquals(PASSED, user.head());
        assertEquals("ok", user.read(2));
        String head = seen();
        assertTrue(head.contains("\r\nMax-Forwards: " + each[1] + "\r\n"), head);
      }
    }
  }

  @Test
  void whatCountsForOneConnectionStaysThere() throws Exception {
    String answer =
        "HTTP/1.1 200 OK\r\n"
            + "Connection: X-Hop, keep-alive\r\n"
            + "X-Hop: 1\r\n"
            + "Keep-Alive: timeout=9\r\n"
            + "Proxy-Authenticate: Basic\r\n"
            + "Upgrade: h2c\r\n"
            + "X-End: 2\r\n"
            + "Content-Length: 2\r\n\r\n"
            + "ok";
    try (EchoBackend server = server(answer);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(
          get(
              server.port(),
              "Connection: close, X-Secret, Content-Length\r\nProxy-Connection: keep-alive\r\n"
                  + "X-Secret: 1\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: websocket\r\n"
                  + "Keep-Alive: 5\r\nProxy-Authorization: Basic eA==\r\nX-End: 1\r\n"));
      assertEquals(
          "HTTP/1.1 200 OK\r\nX-End: 2\r\nVia: 1.1 l4proxy\r\nContent-Length: 2\r\n"
              + "Connection: close\r\n\r\nok",
          user.rest());
      assertEquals(
          "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nX-End: 1\r\nVia: 1.1 l4proxy\r\n\r\n"
              .formatted(server.port()),
          seen());
    }
  }

  @Test
  void oneConnectionServesManyRequestsOnBothSides() throws Exception {
    AtomicInteger connections = new AtomicInteger();
    try (EchoBackend server =
            new EchoBackend(socket -> {
              connections.incrementAndGet();
              while (!ProxyFixture.head(socket.getInputStream()).isEmpty()) {
                send(socket, OK);
              }
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 50; i++) {
        user.send(get(server.port(), ""));
        assertEquals(PASSED, user.head());
        assertEquals("ok", user.read(2));
      }
      assertEquals(1, connections.get());
    }
  }

  @Test
  void requestsMayBeSentWithoutWaiting() throws Exception {
    try (EchoBackend server = server(OK);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(get(server.port(), "").repeat(3));
      for (int i = 0; i < 3; i++) {
        assertEquals(PASSED, user.head());
        assertEquals("ok", user.read(2));
      }
    }
  }

  @Test
  void keptConnectionThatTheServerClosedIsReplaced() throws Exception {
    try (EchoBackend server =
            new EchoBackend(socket -> {
              seen.add(ProxyFixture.head(socket.getInputStream()));
              send(socket, OK);
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 5; i++) {
        user.send(get(server.port(), ""));
        assertEquals(PASSED, user.head());
        assertEquals("ok", user.read(2));
        Awaitility.await().until(() -> server.connections() == 0);
      }
    }
  }

  @Test
  void whatCameBetweenTwoRequestsIsNoAnswerToTheSecond() throws Exception {
    AtomicInteger connections = new AtomicInteger();
    CountDownLatch answered = new CountDownLatch(1);
    CountDownLatch said = new CountDownLatch(1);
    try (EchoBackend server =
            new EchoBackend(socket -> {
              boolean first = connections.incrementAndGet() == 1;
              ProxyFixture.head(socket.getInputStream());
              send(socket, OK);
              if (first) {
                answered.await();
                send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
                said.countDown();
              }
              ProxyFixture.head(socket.getInputStream());
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(get(server.port(), ""));
      assertEquals(PASSED, user.head());
      assertEquals("ok", user.read(2));
      answered.countDown();
      said.await();
      user.send(get(server.port(), ""));
      assertEquals(PASSED, user.head());
      assertEquals("ok", user.read(2));
      assertEquals(2, connections.get());
    }
  }

  private static final String LATE =
      "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

  @Test
  void keptConnectionThatTheServerGivesUpIsReplaced() throws Exception {
    AtomicInteger connections = new AtomicInteger();
    try (EchoBackend server =
            new EchoBackend(socket -> {
              connections.incrementAndGet();
              ProxyFixture.head(socket.getInputStream());
              send(socket, OK);
              ProxyFixture.head(socket.getInputStream());
              send(socket, LATE);
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 3; i++) {
        user.send(get(server.port(), ""));
        assertEquals(PASSED, user.head());
        assertEquals("ok", user.read(2));
      }
      assertEquals(3, connections.get());
    }
  }

  @Test
  void serverThatGivesUpANewConnectionIsHeard() throws Exception {
    try (EchoBackend server = server(LATE);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 2; i++) {
        user.send(get(server.port(), ""));
        assertTrue(user.head().startsWith("HTTP/1.1 408 "));
      }
    }
  }

  @Test
  void bodyWithALengthIsPassedOnAndTheConnectionGoesOn() throws Exception {
    String body = "x".repeat(300_000);
    try (EchoBackend server = echoingBodies(body.length());
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 3; i++) {
        user.send(post(server.port(), "Content-Length: " + body.length() + "\r\n"));
        user.send(body);
        String head = user.head();
        assertFalse(head.contains("close"), head);
        assertEquals(body, user.read(body.length()));
      }
    }
  }

  private static String post(int port, String more) {
    return "POST http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n%s\r\n".formatted(port, more);
  }

  private EchoBackend echoingBodies(int length) throws IOException {
    return new EchoBackend(socket -> {
      for (String head = ProxyFixture.head(socket.getInputStream());
          !head.isEmpty();
          head = ProxyFixture.head(socket.getInputStream())) {
        seen.add(head);
        byte[] body =
            head.contains("chunked")
                ? ProxyFixture.chunks(socket.getInputStream()).getBytes(StandardCharsets.US_ASCII)
                : socket.getInputStream().readNBytes(length);
        send(socket, "HTTP/1.1 200 OK\r\nContent-Length: " + body.length + "\r\n\r\n");
        socket.getOutputStream().write(body);
      }
    });
  }

  @Test
  void bodyInChunksIsPassedOnInChunks() throws Exception {
    try (EchoBackend server = echoingBodies(0);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 3; i++) {
        user.send(post(server.port(), "Transfer-Encoding: chunked\r\n"));
        user.send("5;name=value\r\nhello\r\n");
        user.send("A \t;x\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n");
        user.head();
        assertEquals("hello0123456789", user.read(15));
        String head = seen();
        assertTrue(head.contains("\r\nTransfer-Encoding: chunked\r\n"), head);
        assertFalse(head.contains("Content-Length"), head);
      }
    }
  }

  @Test
  void responseInChunksIsPassedOnInChunks() throws Exception {
    String answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nfour\r\n0\r\nT: 1\r\n\r\n";
    try (EchoBackend server = server(answer);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 2; i++) {
        user.send(get(server.port(), ""));
        assertTrue(user.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
        assertEquals("four", ProxyFixture.chunks(user.in()));
      }
    }
  }

  @Test
  void responseThatEndsWithItsConnectionIsWhole() throws Exception {
    try (EchoBackend server =
            new EchoBackend(socket -> {
              ProxyFixture.head(socket.getInputStream());
              send(socket, "HTTP/1.0 200 OK\r\n\r\nto the end");
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 2; i++) {
        user.send(get(server.port(), ""));
        assertTrue(user.head().contains("\r\nTransfer-Encoding: chunked\r\n"));
        assertEquals("to the end", ProxyFixture.chunks(user.in()));
      }
    }
  }

  @Test
  void olderUserGetsNoChunksAndTheEndOfTheConnection() throws Exception {
    String answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n0\r\n\r\n";
    try (EchoBackend server = server(answer);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send("GET http://127.0.0.1:%d/ HTTP/1.0\r\n\r\n".formatted(server.port()));
      assertEquals(
          "HTTP/1.1 200 OK\r\nVia: 1.1 l4proxy\r\nConnection: close\r\n\r\nfour", user.rest());
      assertTrue(seen().contains("\r\nVia: 1.0 l4proxy\r\n"));
    }
  }

  @Test
  void responsesWithoutABodyEndWithTheirHead() throws Exception {
    try (EchoBackend server =
            server("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"a\"\r\n\r\n");
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (int i = 0; i < 2; i++) {
        user.send(get(server.port(), "If-None-Match: \"a\"\r\n"));
        assertEquals(
            "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nVia: 1.1 l4proxy\r\nContent-Length: 7\r\n"
                + "\r\n",
            user.head());
      }
      user.send(get(server.port(), "").replaceFirst("GET", "HEAD"));
      assertTrue(user.head().contains("\r\nContent-Length: 7\r\n"));
    }
  }

  @Test
  void continueComesFromTheServer() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    try (EchoBackend server =
            new EchoBackend(socket -> {
              String head = ProxyFixture.head(socket.getInputStream());
              assertTrue(head.contains("\r\nExpect: 100-continue\r\n"), head);
              assertEquals(0, socket.getInputStream().available());
              asked.countDown();
              send(socket, "HTTP/1.1 100 Continue\r\n\r\n");
              assertEquals(
                  "body",
                  new String(socket.getInputStream().readNBytes(4), StandardCharsets.US_ASCII));
              send(socket, OK);
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(post(server.port(), "Content-Length: 4\r\nExpect: 100-continue\r\n"));
      asked.await();
      assertTrue(user.head().startsWith("HTTP/1.1 100 Continue\r\n"));
      user.send("body");
      assertEquals(PASSED, user.head());
      assertEquals("ok", user.read(2));
    }
  }

  @Test
  void olderUserExpectsNothing() throws Exception {
    try (EchoBackend server = server(OK);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(post(server.port(), "").replace("1.1\r\nHost: x", "1.0\r\nExpect: 100-continue"));
      assertTrue(user.rest().endsWith("ok"));
      String head = seen();
      assertFalse(head.contains("Expect"), head);
    }
  }

  @Test
  void refusalBeforeTheBodyReachesTheUserAndEndsTheConnection() throws Exception {
    String no = "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n";
    try (EchoBackend server = server(no);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(post(server.port(), "Content-Length: 4\r\nExpect: 100-continue\r\n"));
      String head = user.head();
      assertTrue(head.startsWith("HTTP/1.1 417 No\r\n"), head);
      assertTrue(head.contains("\r\nConnection: close\r\n"), head);
      assertEquals("", user.rest());
      Awaitility.await().until(() -> proxy.serving() == 0);
    }
  }

  @Test
  void refusalWhileTheBodyIsUnderWayReachesTheUser() throws Exception {
    byte[] piece = new byte[100_000];
    try (EchoBackend server =
            new EchoBackend(socket -> {
              ProxyFixture.head(socket.getInputStream());
              send(socket, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(post(server.port(), "Content-Length: 800000\r\n"));
      for (int i = 0; i < 8; i++) {
        user.out().write(piece);
      }
      assertTrue(user.head().startsWith("HTTP/1.1 413 "));
    }
  }

  @Test
  void bodyThatIsAnsweredBeforeItIsThereReachesTheServerWhole() throws Exception {
    String half = "x".repeat(300_000);
    String accepted = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    try (EchoBackend server =
            new EchoBackend(socket -> {
              while (!ProxyFixture.head(socket.getInputStream()).isEmpty()) {
                send(socket, accepted);
                seen.add("bytes: " + socket.getInputStream().readNBytes(2 * half.length()).length);
              }
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      for (String more : new String[] {"", "", "Connection: close\r\n"}) {
        user.send(post(server.port(), "Content-Length: 600000\r\n" + more) + half);
        String head = user.head();
        assertTrue(head.startsWith("HTTP/1.1 202 "), head);
        assertEquals(!more.isEmpty(), head.contains("\r\nConnection: close\r\n"), head);
        user.send(half);
        assertEquals("bytes: 600000", seen());
      }
      assertEquals("", user.rest());
    }
  }

  @Test
  void bodyThatIsAnsweredInsteadOfAskedForEndsTheConnection() throws Exception {
    try (EchoBackend server =
            new EchoBackend(socket -> {
              ProxyFixture.head(socket.getInputStream());
              send(socket, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
              seen.add("bytes: " + socket.getInputStream().readNBytes(4).length);
            });
        ProxyFixture proxy = new ProxyFixture()) {
      for (String body : new String[] {"body", ""}) {
        try (ProxyFixture.User user = proxy.user()) {
          user.send(post(server.port(), "Content-Length: 4\r\nExpect: 100-continue\r\n"));
          assertTrue(user.head().contains("\r\nConnection: close\r\n"));
          assertEquals("", user.rest());
          user.send(body);
          if (!body.isEmpty()) {
            assertEquals("bytes: 4", seen());
          }
        }
        Awaitility.await().until(() -> proxy.serving() == 0);
      }
    }
  }

  @Test
  void responseThatBreaksOffIsAReset() throws Exception {
    try (EchoBackend server =
            new EchoBackend(socket -> {
              ProxyFixture.head(socket.getInputStream());
              send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(get(server.port(), ""));
      user.head();
      assertThrows(SocketException.class, user::rest);
    }
  }

  @Test
  void responseThatBreaksOffOnAKeptConnectionIsAReset() throws Exception {
    try (EchoBackend server =
            new EchoBackend(socket -> {
              ProxyFixture.head(socket.getInputStream());
              send(socket, OK);
              ProxyFixture.head(socket.getInputStream());
              send(socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(get(server.port(), ""));
      assertEquals(PASSED, user.head());
      assertEquals("ok", user.read(2));
      user.send(get(server.port(), ""));
      user.head();
      assertThrows(SocketException.class, user::rest);
    }
  }

  @Test
  void serverThatDoesNotAnswerInHttpIs502() throws Exception {
    for (String answer :
        new String[] {
          "",
          "SSH-2.0-x\r\n",
          "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
          "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
          "HTTP/1.1 100 Continue\r\n\r\n".repeat(40),
          "HTTP/1.1 200 OK\r\nX: " + "x".repeat(70_000) + "\r\n\r\n",
        }) {
      try (EchoBackend server =
              new EchoBackend(socket -> {
                ProxyFixture.head(socket.getInputStream());
                send(socket, answer);
                socket.shutdownOutput();
                socket.getInputStream().readAllBytes();
              });
          ProxyFixture proxy = new ProxyFixture();
          ProxyFixture.User user = proxy.user()) {
        user.send(get(server.port(), ""));
        String head = user.head();
        while (head.startsWith("HTTP/1.1 100")) {
          head = user.head();
        }
        assertTrue(head.startsWith("HTTP/1.1 502 Bad Gateway\r\n"), answer + " -> " + head);
      }
    }
  }

  @Test
  void userThatEndsItsSideStillGetsTheResponse() throws Exception {
    try (EchoBackend server = server(OK);
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(get(server.port(), ""));
      user.socket().shutdownOutput();
      assertEquals(PASSED + "ok", user.rest());
    }
  }

  @Test
  void bodyThatBreaksOffNeverReachesTheServerWhole() throws Exception {
    BlockingQueue<String> got = new LinkedBlockingQueue<>();
    try (EchoBackend server =
            new EchoBackend(socket -> {
              ProxyFixture.head(socket.getInputStream());
              try {
                got.add("end after " + socket.getInputStream().readAllBytes().length);
              } catch (SocketException reset) {
                got.add("reset");
              }
            });
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(post(server.port(), "Content-Length: 10\r\n") + "part");
      user.socket().shutdownOutput();
      assertEquals("reset", got.poll(10, TimeUnit.SECONDS));
    }
  }
}
