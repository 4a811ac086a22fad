package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.client.Handling;
import l4proxy.client.HealthCheck;
import l4proxy.client.ProxyClient;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Sharing;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.net.HostPort;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Members whose clients look after their backends. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
class HealthChecksTest {
  private static final int PORT = 20_002;
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;

  /** A member whose backend says its name to users, and what the test wants to health checks. */
  private static final class Looked implements AutoCloseable {
    private final char name;
    private final EchoBackend backend;
    private final BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    private final AtomicInteger looks = new AtomicInteger();
    private final ProxyClient client;
    private final Thread running;
    private volatile int status = 200;

    Looked(ProxyPair pair, char name) throws IOException, InterruptedException {
      this.name = name;
      this.backend = new EchoBackend(this::serve);
      HealthCheck check = new HealthCheck(HealthCheck.Kind.parse("http:/"), Duration.ofMillis(100));
      this.client =
          pair.newClient(
              "member-" + name,
              new ServiceConfig(
                  String.valueOf(name),
                  backend.address(),
                  PORT,
                  false,
                  Optional.empty(),
                  0,
                  Optional.of(new Sharing("round_robin", 1, 0)),
                  new Handling(0, Optional.empty(), Optional.of(check))),
              reachable);
      this.running = ProxyPair.start(client);
      assertNotNull(reachable.poll(10, TimeUnit.SECONDS));
    }

    private void serve(Socket socket) throws IOException {
      InputStream in = socket.getInputStream();
      if (in.read() == 'G') {
        looks.incrementAndGet();
        String answer = "HTTP/1.1 " + status + " so\r\n\r\n";
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
        in.readAllBytes();
      } else {
        socket.getOutputStream().write(name);
      }
    }

    void awaitLooks(int more) {
      int before = looks.get();
      Awaitility.await().atMost(SOON).until(() -> looks.get() >= before + more);
    }

    @Override
    public void close() throws InterruptedException {
      client.close();
      running.join();
      backend.close();
    }
  }

  /** Who served ten users. */
  private static Map<Character, Integer> tenUsers() throws IOException {
    Map<Character, Integer> served = new TreeMap<>();
    for (int i = 0; i < 10; i++) {
      try (Socket user = new Socket("127.0.0.1", PORT)) {
        user.setSoTimeout(20_000);
        user.getOutputStream().write('u');
        served.merge((char) user.getInputStream().read(), 1, Integer::sum);
      }
    }
    return served;
  }

  private static void awaitServers(Map<Character, Integer> expected) {
    Awaitility.await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(50))
        .until(() -> tenUsers().equals(expected));
  }

  private static List<String> texts(ProxyPair pair) {
    return pair.events().all().stream().map(Event::text).toList();
  }

  @Test
  void memberWhoseBackendIsBadGetsNoUsersWhileAnotherIsFit() throws Exception {
    try (EchoBackend first = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, first.address());
        Looked a = new Looked(pair, 'a');
        Looked b = new Looked(pair, 'b')) {
      assertEquals(Map.of('a', 5, 'b', 5), tenUsers());
      a.status = 503;
      awaitServers(Map.of('b', 10));
      assertTrue(
          texts(pair).stream()
              .anyMatch(t -> t.contains("of service a fails its health check (it answers with")),
          texts(pair).toString());
      b.status = 404;
      awaitServers(Map.of('a', 5, 'b', 5)); // when all are out, all are tried
      a.status = 301;
      awaitServers(Map.of('a', 10));
      b.status = 200;
      awaitServers(Map.of('a', 5, 'b', 5));
      assertTrue(
          texts(pair).stream().anyMatch(t -> t.contains("of service b is fit for users again")),
          texts(pair).toString());
      assertTrue(
          pair.events().of(Event.UserEnded.class).stream()
              .noneMatch(e -> e.endedBy() == EndedBy.REFUSED));
    }
  }

  @Test
  void memberThatComesBackWithABadBackendGetsNoUserInBetween() throws Exception {
    try (EchoBackend first = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, first.address());
        Looked a = new Looked(pair, 'a');
        Looked b = new Looked(pair, 'b')) {
      a.status = 500;
      awaitServers(Map.of('b', 10));
      for (int i = 1; i <= 3; i++) {
        int times = i + 1;
        a.client.reconnect();
        Awaitility.await()
            .atMost(SOON)
            .pollInterval(Duration.ofMillis(5))
            .until(() -> {
              assertEquals(Map.of('b', 10), tenUsers());
              return exposures(pair) >= 3 + times - 1;
            });
        assertEquals(Map.of('b', 10), tenUsers());
      }
      assertTrue(b.looks.get() > 0);
    }
  }

  private static long exposures(ProxyPair pair) {
    return pair.events().of(Event.ServiceExposed.class).size();
  }

  @Test
  void backendIsLookedAtWhileTheControlConnectionStands() throws Exception {
    try (EchoBackend first = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, first.address());
        Looked a = new Looked(pair, 'a')) {
      a.awaitLooks(3);
      a.client.reconnect();
      a.awaitLooks(3);
      a.client.reconfigure(List.of(), refused -> {});
      Awaitility.await()
          .atMost(SOON)
          .during(Duration.ofMillis(500))
          .until(a.looks::get, new Same()::again);
    }
  }

  /** Whether a number is the one it was. */
  private static final class Same {
    private int last = -1;

    boolean again(int now) {
      boolean same = now == last;
      last = now;
      return same;
    }
  }
}
