package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import l4proxy.auth.Tls;
import l4proxy.http.Dialer;
import l4proxy.http.ForwardProxy;
import l4proxy.http.ProxyAccess;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;
import l4proxy.net.TlsConnection;
import l4proxy.net.Watch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Strangers who go on saying a byte now and then, at every door at the same time: a deadline counts
 * from the beginning, so that each is gone after 5 s, and those with a key are served meanwhile.
 */
@Timeout(90)
@ExtendWith(LeakCheck.class)
final class SlowLorisTest {
  private static final long PAUSE_MILLIS = 100;
  private static final long GONE_MILLIS = 5_000;

  /** On a machine that does other things too. */
  private static final long LATE_MILLIS = 10_000;

  @TempDir Path directory;

  /** Something to say, a byte at a time, at one door. */
  private record Stranger(String what, Connection connection, byte[] start, byte[] rest) {
    /** Says it until it is sent away; how long that took since the first of all came. */
    Long call(long began) throws Exception {
      try (connection) {
        connection.out().write(start);
        for (int i = 0; millis(began) < 2 * LATE_MILLIS; i++) {
          connection.out().write(rest, i % rest.length, 1);
          TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
      } catch (IOException sentAway) {
        // as it should be
      }
      return millis(began);
    }

    private static long millis(long began) {
      return (System.nanoTime() - began) / 1_000_000;
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static Connection plain(int port) throws IOException {
    return new PlainConnection(new Socket("127.0.0.1", port));
  }

  @Test
  void whoeverOnlyTricklesIsGoneAfterFiveSecondsAtEachDoor() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Watch watch = new Watch();
        AcceptLoop forwarder = forwarder(watch);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int control = pair.server().controlAddress().port();
      List<Stranger> strangers = new ArrayList<>();
      long began = System.nanoTime();
      byte[] header = ascii("X-A: b\r\n");
      // a TLS record whose length promises more than ever comes
      strangers.add(
          new Stranger("TLS", plain(control), new byte[] {0x16, 3, 1, 0x20, 0}, new byte[1]));
      strangers.add(
          new Stranger(
              "plain tunnel", plain(control), new byte[] {0, 0, 0x10, 0}, ascii("{\"type\": ")));
      strangers.add(
          new Stranger(
              "first message",
              FakeClient.dial(pair.server().controlAddress()),
              new byte[] {0, 0, 0x10, 0},
              ascii("{\"type\": ")));
      strangers.add(
          new Stranger("API", browser(control), ascii("GET /healthz HTTP/1.1\r\n"), header));
      strangers.add(
          new Stranger(
              "forward proxy",
              plain(forwarder.port()),
              ascii("GET http://example.org/ HTTP/1.1\r\n"),
              header));
      List<Future<Long>> times = new ArrayList<>();
      for (Stranger each : strangers) {
        times.add(threads.submit((Callable<Long>) () -> each.call(began)));
      }
      while (times.stream().anyMatch(time -> !time.isDone())) {
        try (Socket user = pair.user()) { // is served all the while
          user.getOutputStream().write(1);
          assertEquals(1, user.getInputStream().read());
        }
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
      }
      for (int i = 0; i < times.size(); i++) {
        String what = strangers.get(i).what();
        long millis = times.get(i).get();
        assertTrue(millis >= GONE_MILLIS - 500, what + " was sent away after " + millis + " ms");
        assertTrue(millis <= LATE_MILLIS, what + " was gone only after " + millis + " ms");
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(5))
          .until(() -> pair.server().view().load().handshakes() == 0);
    }
  }

  /** A stranger who is told what was wrong gets two seconds to hear it; that keeps nobody out. */
  @Test
  void strangersWhoAreToldWhatWasWrongKeepNobodyOut() throws Exception {
    int strangers = 100;
    CountDownLatch said = new CountDownLatch(strangers);
    CountDownLatch over = new CountDownLatch(1);
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      int control = pair.server().controlAddress().port();
      for (int i = 0; i < strangers; i++) {
        threads.execute(() -> {
          try (Connection stranger = browser(control)) {
            stranger.out().write(ascii("GET / HTTP/1.1\r\nHost\r\n\r\n"));
            said.countDown();
            over.await();
          } catch (IOException sentAway) {
            said.countDown(); // they are more than may wait from one address
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
      }
      assertTrue(said.await(30, TimeUnit.SECONDS));
      try {
        for (int i = 0; i < 10; i++) {
          try (FakeClient client = new FakeClient(pair);
              Socket user = pair.user()) {
            assertFalse(client.expose("late").tickets().isEmpty());
            user.getOutputStream().write(1);
            assertEquals(1, user.getInputStream().read());
          }
        }
      } finally {
        over.countDown();
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> pair.server().view().load().handshakes() == 0);
    }
  }

  /** HTTP through TLS on the control port. */
  private static Connection browser(int control) throws IOException {
    PlainConnection plain = new PlainConnection(new Socket("127.0.0.1", control));
    javax.net.ssl.SSLEngine engine =
        Tls.clientEngine(Tls.client(pin -> true), "127.0.0.1", control);
    javax.net.ssl.SSLParameters parameters = engine.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {Tls.HTTP});
    engine.setSSLParameters(parameters);
    TlsConnection connection = new TlsConnection(plain, engine);
    plain.in().deadline(Duration.ofSeconds(10));
    connection.handshake();
    return connection;
  }

  private static AcceptLoop forwarder(Watch watch) throws IOException {
    ForwardProxy proxy =
        new ForwardProxy(
            new ProxyAccess(Optional.empty(), Optional.empty()),
            new Dialer(host -> List.of(InetAddress.getAllByName(host)), address -> true),
            watch);
    return new AcceptLoop(
        "proxy",
        l4proxy.net.Sockets.listen(new InetSocketAddress("127.0.0.1", 0)),
        socket -> {
          try (Connection user = new PlainConnection(socket)) {
            proxy.serve(user, socket.getInetAddress(), () -> {});
          }
        });
  }
}
