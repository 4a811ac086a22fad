package l4proxy.client;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import l4proxy.EchoBackend;
import l4proxy.LeakCheck;
import l4proxy.net.HostPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a backend is asked, what its answers mean, and what several of them come to. */
@Timeout(30)
@ExtendWith(LeakCheck.class)
final class HealthTest {
  private static final String HEAD_END = "\r\n\r\n";

  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

  private static ServiceConfig service(HostPort backend, String kind, ProxyProtocol... header) {
    HealthCheck check = new HealthCheck(HealthCheck.Kind.parse(kind), Duration.ofMillis(500));
    return new ServiceConfig(
        "web",
        backend,
        0,
        false,
        Optional.empty(),
        0,
        Optional.empty(),
        new Handling(
            0, header.length == 0 ? Optional.empty() : Optional.of(header[0]), Optional.of(check)));
  }

  private static void look(ServiceConfig service) throws IOException {
    HealthProbe.look(service, service.handling().health().orElseThrow());
  }

  /** Reads a request, and answers it. */
  private EchoBackend answering(String answer) throws IOException {
    return new EchoBackend(socket -> {
      StringBuilder request = new StringBuilder();
      InputStream in = socket.getInputStream();
      for (int b = in.read(); b >= 0; b = in.read()) {
        request.append((char) b);
        if (request.toString().endsWith(HEAD_END)) {
          heard.add(request.toString());
          socket.getOutputStream().write(answer.getBytes(StandardCharsets.ISO_8859_1));
          socket.shutdownOutput();
        }
      }
    });
  }

  @Test
  void threeBadChecksTakeItOutAndTwoGoodOnesBringItBack() {
    Health health = new Health();
    assertFalse(health.checked(false));
    assertFalse(health.checked(false));
    assertFalse(health.checked(true));
    assertFalse(health.checked(false));
    assertFalse(health.checked(false));
    assertTrue(health.up());
    assertTrue(health.checked(false));
    assertFalse(health.up());
    assertFalse(health.checked(false));
    assertFalse(health.checked(true));
    assertFalse(health.checked(false));
    assertFalse(health.checked(true));
    assertTrue(health.checked(true));
    assertTrue(health.up());
    assertFalse(health.checked(true));
  }

  @Test
  void tcpIsGoodWhenItConnects() throws Exception {
    HostPort gone;
    try (EchoBackend backend = new EchoBackend()) {
      gone = backend.address();
      look(service(gone, "tcp"));
    }
    assertThrows(IOException.class, () -> look(service(gone, "tcp")));
  }

  @Test
  void requestIsWhole() throws Exception {
    try (EchoBackend backend = answering("HTTP/1.1 200 OK\r\n\r\n")) {
      look(service(backend.address(), "http:/a/b?c=d"));
      assertEquals(
          "GET /a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:"
              + backend.port()
              + "\r\nUser-Agent: l4proxy\r\nAccept: */*\r\nConnection: close\r\n\r\n",
          heard.poll(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void backendThatExpectsAProxyHeaderGetsOne() throws Exception {
    try (EchoBackend backend = answering("HTTP/1.1 200 OK\r\n\r\n")) {
      look(service(backend.address(), "http:/", ProxyProtocol.V1));
      String request = heard.poll(10, TimeUnit.SECONDS);
      assertTrue(
          String.valueOf(request).startsWith("PROXY UNKNOWN\r\nGET / HTTP/1.1\r\n"), request);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 204\r\n",
        "HTTP/1.0 399 Odd\n",
        "HTTP/1.1 302 Found\r\nLocation: /\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n"
      })
  void answerIsGood(String answer) throws Exception {
    try (EchoBackend backend = answering(answer)) {
      assertDoesNotThrow(() -> look(service(backend.address(), "http:/")));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 400 No|, status 400",
    "HTTP/1.1 503 Busy|, status 503",
    "HTTP/1.1 1000 Odd|, not HTTP",
    "HTTP/2 200|, not HTTP",
    "SSH-2.0-OpenSSH|, not HTTP",
    "|, not HTTP",
    "HTTP/1.1 103 Early Hints|Link: </x>||, ends without",
    "HTTP/1.1 20, ends without",
    "'', ends without"
  })
  void answerIsBad(String answer, String reason) throws Exception {
    try (EchoBackend backend = answering(answer.replace("|", "\r\n"))) {
      IOException bad =
          assertThrows(IOException.class, () -> look(service(backend.address(), "http:/")));
      assertTrue(String.valueOf(bad.getMessage()).contains(reason), bad.getMessage());
    }
  }

  @Test
  void endlessHeadIsBad() throws Exception {
    try (EchoBackend backend = answering("HTTP/1.1 200 " + "x".repeat(20_000))) {
      IOException bad =
          assertThrows(IOException.class, () -> look(service(backend.address(), "http:/")));
      assertTrue(String.valueOf(bad.getMessage()).contains("longer than"), bad.getMessage());
    }
  }

  @Test
  void backendThatSaysNothingIsBadInTime() throws Exception {
    try (EchoBackend backend = new EchoBackend(socket -> socket.getInputStream().readAllBytes())) {
      long began = System.nanoTime();
      assertThrows(IOException.class, () -> look(service(backend.address(), "http:/")));
      double took = (System.nanoTime() - began) / 1e9;
      assertTrue(took > 0.4 && took < 3, "it took " + took);
    }
  }

  @Test
  void checkIsAsLongAsItsIntervalAndNeverLong() {
    HealthCheck.Kind tcp = HealthCheck.Kind.parse("tcp");
    assertEquals(Duration.ofSeconds(2), new HealthCheck(tcp, Duration.ofSeconds(2)).time());
    assertEquals(Duration.ofSeconds(5), new HealthCheck(tcp, Duration.ofMinutes(2)).time());
  }

  @ParameterizedTest
  @ValueSource(strings = {"tcp", "http:/", "http:/a/b?c=d"})
  void kindIsReadAndWritten(String text) {
    assertEquals(text, HealthCheck.Kind.parse(text).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "udp", "http", "http:", "http:x", "http://a b", "http:/a\r\nX: y", "http:/ü"})
  void kindIsNone(String text) {
    assertThrows(IllegalArgumentException.class, () -> HealthCheck.Kind.parse(text));
  }
}
