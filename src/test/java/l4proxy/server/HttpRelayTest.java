package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.http.OriginRequest;
import l4proxy.net.Connection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A browser's connection on its way to the HttpServer, where no server is needed. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class HttpRelayTest {
  private static final Duration SOON = Duration.ofMillis(200);
  private static final String REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final String LAST = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

  private Loopback browser;
  private Loopback http;
  private HttpRelay relay;
  private Thread running;

  @BeforeEach
  void connect() throws Exception {
    browser = Loopback.pair();
    http = Loopback.pair();
  }

  private void send(String request) throws IOException {
    browser.other().getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
  }

  private void request(String text) throws IOException {
    send(text);
    Connection from = browser.connection();
    OriginRequest first = Objects.requireNonNull(OriginRequest.read(from.in()));
    relay = new HttpRelay(from, http.connection(), SOON);
    running =
        Thread.startVirtualThread(() -> {
          try {
            relay.run(first, false);
          } catch (IOException | InterruptedException broken) {
            // it is over
          }
        });
  }

  @AfterEach
  void close() {
    browser.close();
    http.close();
  }

  @Test
  void browserThatTakesNothingOfItsAnswerIsCutOff() throws Exception {
    request(REQUEST);
    Thread answering = Thread.startVirtualThread(this::answerWithoutEnd);

    Awaitility.await()
        .until(() -> {
          relay.tick();
          return !running.isAlive() && !answering.isAlive();
        });
  }

  private void answerWithoutEnd() {
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
    request(REQUEST);
    assertEquals('G', http.other().getInputStream().read());

    for (int piece = 0; piece < 2; piece++) {
      Thread.sleep(2 * SOON.toMillis()); // nothing is being written meanwhile
      relay.tick();
      http.other().getOutputStream().write(piece);
      assertEquals(piece, browser.other().getInputStream().read());
    }
    http.other().close();
    running.join();
    assertEquals(-1, browser.other().getInputStream().read());
  }

  @Test
  void answerIsWholeThoughMoreIsAskedThanIsAnswered() throws Exception {
    browser.close();
    try (ServerSocket listener = Loopback.listener()) {
      Socket slow = new Socket();
      slow.setReceiveBufferSize(4096); // most of the answer is on its way for long
      slow.setSoTimeout(20_000);
      slow.connect(listener.getLocalSocketAddress());
      browser = new Loopback(listener.accept(), slow);
    }
    request(LAST);
    http.other().getInputStream().readAllBytes();
    http.other().getOutputStream().write(new byte[32 * 1024]);
    http.other().close();
    running.join(Duration.ofMillis(100)); // whoever is not waited for is gone then
    send(REQUEST);
    assertEquals(32 * 1024, browser.other().getInputStream().readAllBytes().length);
    browser.other().close();
    running.join();
  }
}
