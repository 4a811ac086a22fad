package l4proxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import l4proxy.LeakCheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What could be read in two ways is refused, and ends the connection. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class MalformedRequestsTest {
  private final BlockingQueue<String> heads = new LinkedBlockingQueue<>();

  private EchoBackend server() throws Exception {
    return new EchoBackend(socket -> {
      heads.add(ProxyFixture.head(socket.getInputStream()));
      socket.getInputStream().readAllBytes();
    });
  }

  /** What follows the request line; PORT is the server's. */
  private static Stream<String> bodies() {
    String[] smuggled = {
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
      "Content-Length: 4\r\nContent-Length: 5\r\n",
      "Content-Length: 4\r\nContent-Length: 4\r\n",
      "Content-Length: 4, 4\r\n",
      "Content-Length: +4\r\n",
      "Content-Length: -4\r\n",
      "Content-Length: 0x4\r\n",
      "Content-Length: 4 4\r\n",
      "Content-Length:\r\n",
      "Content-Length: 9999999999999999999\r\n",
      "Content-Length : 4\r\n",
      " Content-Length: 4\r\n",
      "X: a\r\n b\r\n",
      "X: a\r\n\tb\r\n",
      "X: a\rContent-Length: 4\r\n",
      "X: a\nContent-Length: 4\r\n",
      "X: a\u0000b\r\n",
      "X\u00e9: a\r\n",
      "X\r\n",
      ": a\r\n",
      "Host: other\r\n",
      "Content\u000bLength: 4\r\n",
    };
    return Stream.of(smuggled);
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void headWithTwoReadingsIs400(String fields) throws Exception {
    try (EchoBackend server = server();
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(
          "POST http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n%s\r\nabcdGET /smuggled HTTP/1.1\r\n\r\n"
              .formatted(server.port(), fields));
      String said = user.rest();
      assertTrue(said.startsWith("HTTP/1.1 400 Bad Request\r\n"), said);
      assertTrue(said.contains("\r\nConnection: close\r\n"), said);
      assertEquals(1, said.split("HTTP/1.1 ", -1).length - 1, said);
      assertEquals(0, heads.size());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: \u000bchunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked;x\r\n",
        "Transfer-Encoding:\r\n",
      })
  void codingOtherThanChunkedIsRefused(String fields) throws Exception {
    try (EchoBackend server = server();
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(
          "POST http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n%s\r\n0\r\n\r\n"
              .formatted(server.port(), fields));
      String said = user.rest();
      assertTrue(said.matches("(?s)HTTP/1.1 (400|501) .*\r\nConnection: close\r\n.*"), said);
      assertEquals(0, heads.size());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x\r\nabcd\r\n0\r\n\r\n",
        "\r\nabcd\r\n0\r\n\r\n",
        "-4\r\nabcd\r\n0\r\n\r\n",
        "+4\r\nabcd\r\n0\r\n\r\n",
        "0x4\r\nabcd\r\n0\r\n\r\n",
        "4 \r\nabcd\r\n0\r\n\r\n",
        " 4\r\nabcd\r\n0\r\n\r\n",
        "4\nabcd\r\n0\r\n\r\n",
        "4\rabcd\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "5\r\nabcd\r\n0\r\n\r\n",
        "4\r\nabcd\n0\r\n\r\n",
        "ffffffffffffffff\r\nabcd\r\n0\r\n\r\n",
        "4;a\u0000b\r\nabcd\r\n0\r\n\r\n",
        "4\r\nabcd\r\n0\r\nX\r\n\r\n",
        "4\r\nabcd\r\n0\r\nX: a\r\n b\r\n\r\n",
      })
  void chunksWithTwoReadingsAre400(String body) throws Exception {
    try (EchoBackend server = server();
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(
          "POST http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%s"
              .formatted(server.port(), body));
      String said = user.rest();
      assertTrue(said.startsWith("HTTP/1.1 400 Bad Request\r\n"), said);
      assertTrue(said.contains("\r\nConnection: close\r\n"), said);
    }
  }

  private static Stream<Arguments> requests() {
    String host = "\r\nHost: x\r\n\r\n";
    return Stream.of(
        Arguments.of(400, "GET / HTTP/1.1" + host),
        Arguments.of(400, "GET https://example.org/ HTTP/1.1" + host),
        Arguments.of(400, "GET ftp://example.org/ HTTP/1.1" + host),
        Arguments.of(400, "GET http:// HTTP/1.1" + host),
        Arguments.of(400, "GET http:///x HTTP/1.1" + host),
        Arguments.of(400, "GET http://user:password@example.org/ HTTP/1.1" + host),
        Arguments.of(400, "GET http://example.org:0/ HTTP/1.1" + host),
        Arguments.of(400, "GET http://example.org:99999/ HTTP/1.1" + host),
        Arguments.of(400, "GET http://example.org/#f HTTP/1.1" + host),
        Arguments.of(400, "GET http://example.org/\u00e9 HTTP/1.1" + host),
        Arguments.of(400, "GET http://2130706433/ HTTP/1.1" + host),
        Arguments.of(400, "GET  http://example.org/ HTTP/1.1" + host),
        Arguments.of(400, "GET http://example.org/ HTTP/1.1 " + host),
        Arguments.of(400, "GET http://example.org/ HTTP/1.1x" + host),
        Arguments.of(400, "GET http://example.org/ http/1.1" + host),
        Arguments.of(400, "GET http://example.org/" + host),
        Arguments.of(400, "G ET http://example.org/ HTTP/1.1" + host),
        Arguments.of(400, "G(T http://example.org/ HTTP/1.1" + host),
        Arguments.of(400, "GET http://example.org/ HTTP/1.1\r\n\r\n"),
        Arguments.of(400, "GET http://example.org/ HTTP/1.1\n\n"),
        Arguments.of(400, "\r\n\r\nGET http://example.org/ HTTP/1.1" + host),
        Arguments.of(400, "POST http://x/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Arguments.of(400, "CONNECT x:1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"),
        Arguments.of(400, "\u0016\u0003\u0001\u0002\u0000\u0001"),
        Arguments.of(400, "\u0005\u0001\u0000"),
        Arguments.of(405, "TRACE http://example.org/ HTTP/1.1" + host),
        Arguments.of(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Arguments.of(505, "GET http://example.org/ HTTP/0.9" + host),
        Arguments.of(
            431, "GET http://example.org/ HTTP/1.1\r\nX: " + "x".repeat(16_400) + "\r\n\r\n"),
        Arguments.of(431, "GET http://example.org/" + "x".repeat(16_400) + " HTTP/1.1" + host));
  }

  @ParameterizedTest
  @MethodSource("requests")
  void requestThatIsNoneIsAnsweredWithAReason(int status, String request) throws Exception {
    try (ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(request);
      user.socket().shutdownOutput();
      String said = user.rest();
      assertTrue(said.startsWith("HTTP/1.1 " + status + " "), said);
      String sentence = said.substring(said.indexOf("\r\n\r\n") + 4);
      assertTrue(sentence.matches("[ -~]+\\.\n"), sentence);
    }
  }

  @Test
  void whoAsksForATraceIsToldWhatIsPassedOn() throws Exception {
    try (ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send("TRACE http://example.org/ HTTP/1.1\r\nHost: x\r\n\r\n");
      String head = user.head();
      String usual = "\r\nAllow: CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT\r\n";
      assertTrue(head.contains(usual), head);
    }
  }

  @Test
  void oneEmptyLineTooManyIsForgiven() throws Exception {
    try (EchoBackend server = server();
        ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send(
          "\r\nGET http://127.0.0.1:%d/ HTTP/1.1\r\nHost: x\r\n\r\n".formatted(server.port()));
      assertTrue(heads.take().startsWith("GET / HTTP/1.1\r\n"));
    }
  }

  @Test
  void headThatDoesNotComeWithinFiveSecondsIs408() throws Exception {
    try (ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send("GET http://example.org/ HTTP/1.1\r\nHost:");
      long began = System.nanoTime();
      assertTrue(user.rest().startsWith("HTTP/1.1 408 "));
      double seconds = (System.nanoTime() - began) / 1e9;
      assertTrue(seconds > 4 && seconds < 9, seconds + " s");
    }
  }

  @Test
  void headThatBreaksOffEndsQuietly() throws Exception {
    try (ProxyFixture proxy = new ProxyFixture();
        ProxyFixture.User user = proxy.user()) {
      user.send("GET http://example.org/ HTTP/1.1\r\nHost:");
      user.socket().shutdownOutput();
      assertEquals("", user.rest());
    }
  }
}
