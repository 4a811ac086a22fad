package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.http.OriginRequest;
import l4proxy.net.Connection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A browser's connection on its way to the HttpServer, where no server is needed. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class HttpRelayTest {
  private static final Duration AT_ONCE = Duration.ofMillis(1);

  private static Thread run(HttpRelay relay, OriginRequest first) {
    return Thread.startVirtualThread(() -> {
      try {
        relay.run(first, false);
      } catch (IOException | InterruptedException broken) {
        // it is over
      }
    });
  }

  /** A request that came from the browser; the relay has its connection. */
  private static OriginRequest request(Loopback browser, Connection from) throws IOException {
    browser.other().getOutputStream().write(bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    return Objects.requireNonNull(OriginRequest.read(from.in()));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void browserThatTakesNothingOfItsAnswerIsCutOff() throws Exception {
    try (Loopback browser = Loopback.pair();
        Loopback http = Loopback.pair()) {
      Connection from = browser.connection();
      HttpRelay relay = new HttpRelay(from, http.connection(), AT_ONCE);
      Thread running = run(relay, request(browser, from));
      Thread answering = Thread.startVirtualThread(() -> answerWithoutEnd(http));

      Awaitility.await()
          .until(() -> {
            relay.tick();
            return !running.isAlive() && !answering.isAlive();
          });
    }
  }

  private static void answerWithoutEnd(Loopback http) {
    try {
      OutputStream out = http.other().getOutputStream();
      while (true) {
        out.write(new byte[64 * 1024]);
      }
    } catch (IOException broken) {
      // the relay has given it up
    }
  }

  @Test
  void browserWhoseAnswerTakesItsTimeIsNot() throws Exception {
    try (Loopback browser = Loopback.pair();
        Loopback http = Loopback.pair()) {
      Connection from = browser.connection();
      HttpRelay relay = new HttpRelay(from, http.connection(), AT_ONCE);
      Thread running = run(relay, request(browser, from));
      String head =
          new String(http.other().getInputStream().readNBytes(4), StandardCharsets.US_ASCII);
      assertEquals("GET ", head);

      for (int piece = 0; piece < 3; piece++) {
        Thread.sleep(10 * AT_ONCE.toMillis()); // nothing is being written meanwhile
        relay.tick();
        http.other().getOutputStream().write(piece);
        assertEquals(piece, browser.other().getInputStream().read());
      }
      http.other().close();
      running.join();
      assertEquals(-1, browser.other().getInputStream().read());
    }
  }
}
