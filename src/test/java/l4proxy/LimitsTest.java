package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import l4proxy.client.Handling;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Sharing;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.http.ProxyAccess;
import l4proxy.net.CidrList;
import l4proxy.server.Limits;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Users that are too many, too fast or not wanted, through server and client. */
@Timeout(90)
class LimitsTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;

  private ProxyPair pair(EchoBackend backend, Limits limits)
      throws IOException, InterruptedException {
    return new ProxyPair(directory, ServiceConfig.of("echo", backend.address(), 0), limits);
  }

  private static Limits limits(int users, int perIp, int perService, int rate) {
    return new Limits(users, perIp, perService, rate, Optional.empty(), Optional.empty());
  }

  private static Socket served(ProxyPair pair) throws IOException {
    Socket user = pair.user();
    user.getOutputStream().write(7);
    assertEquals(7, user.getInputStream().read());
    return user;
  }

  /** Reset, and quickly: nobody waits for anything. */
  private static void turnedAway(ProxyPair pair) throws IOException {
    long began = System.nanoTime();
    try (Socket user = pair.user()) {
      SocketException reset =
          assertThrows(
              SocketException.class,
              () -> {
                user.getOutputStream().write(7);
                int b = user.getInputStream().read();
                throw new AssertionError("read " + b);
              });
      assertTrue(
          String.valueOf(reset.getMessage()).matches("Connection reset.*|Broken pipe"),
          reset.getMessage());
    }
    assertTrue(System.nanoTime() - began < Duration.ofSeconds(2).toNanos());
  }

  private static void awaitTurnedAway(ProxyPair pair, String reason, long times) {
    Awaitility.await()
        .atMost(SOON)
        .untilAsserted(() -> {
          Map<String, Long> turnedAway = pair.server().view().usersTurnedAway();
          assertEquals(times, turnedAway.get(reason));
          assertEquals(times, turnedAway.values().stream().mapToLong(Long::longValue).sum());
          assertEquals(
              times,
              pair.events().of(Event.UserEnded.class).stream()
                  .filter(e -> e.endedBy() == EndedBy.LIMIT)
                  .count());
        });
    assertTrue(
        pair.events().of(Event.Warned.class).stream()
            .anyMatch(e -> e.text().contains("users turned away: 1 by --" + reason)),
        pair.events().all().toString());
  }

  @Test
  void userBeyondTheLastIsResetAndPlacesAreGivenBack() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = pair(backend, limits(2, 0, 0, 0))) {
      Socket first = served(pair);
      try (first;
          Socket second = served(pair)) {
        turnedAway(pair);
        turnedAway(pair);
        awaitTurnedAway(pair, "max_users", 2);
        first.close();
        Awaitility.await()
            .atMost(SOON)
            .ignoreExceptionsInstanceOf(IOException.class)
            .until(() -> {
              try (Socket next = served(pair)) {
                return next.isConnected() && second.isConnected();
              }
            });
      }
    }
  }

  @Test
  void addressMayHaveSoManyUsers() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = pair(backend, limits(0, 1, 0, 0));
        Socket first = served(pair)) {
      turnedAway(pair);
      awaitTurnedAway(pair, "max_users_per_ip", 1);
      assertTrue(first.isConnected());
    }
  }

  @Test
  void addressMayHaveSoManyNewUsersASecond() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = pair(backend, limits(0, 0, 0, 1))) {
      served(pair).close();
      turnedAway(pair);
      awaitTurnedAway(pair, "user_rate_per_ip", 1);
    }
  }

  @Test
  void deniedAddressIsReset() throws Exception {
    Limits limits =
        new Limits(0, 0, 0, 0, Optional.empty(), Optional.of(CidrList.parse("127.0.0.0/8")));
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = pair(backend, limits)) {
      turnedAway(pair);
      awaitTurnedAway(pair, "deny", 1);
      assertEquals(0, backend.connections());
    }
  }

  @Test
  void addressThatIsNotAllowedIsReset() throws Exception {
    Limits limits =
        new Limits(0, 0, 0, 0, Optional.of(CidrList.parse("10.0.0.0/8")), Optional.empty());
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = pair(backend, limits)) {
      turnedAway(pair);
      awaitTurnedAway(pair, "allow", 1);
    }
  }

  @Test
  void eachMemberMayHaveSoManyUsers() throws Exception {
    Sharing first = new Sharing("first", 1, 0);
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = pair(backend, limits(0, 0, 2, 0));
        Member one = new Member(pair, 'a').join(20_001, first);
        Member other = new Member(pair, 'b').join(20_001, new Sharing("first", 1, 1))) {
      List<Socket> users = new ArrayList<>();
      try {
        for (String name : List.of("a", "a", "b", "b")) {
          Socket user = new Socket("127.0.0.1", 20_001);
          users.add(user);
          user.setSoTimeout(20_000);
          assertEquals(name.charAt(0), user.getInputStream().read());
        }
        try (Socket beyond = new Socket("127.0.0.1", 20_001)) {
          beyond.setSoTimeout(20_000);
          assertThrows(SocketException.class, () -> beyond.getInputStream().read());
        }
        awaitTurnedAway(pair, "max_users_per_service", 1);
        served(pair).close(); // another service has users of its own
        assertEquals(List.of(2, 2), List.of(one.served(), other.served()));
      } finally {
        for (Socket user : users) {
          user.close();
        }
      }
    }
  }

  @Test
  void usersOfTheServersOwnForwardProxyCountToo() throws Exception {
    Limits limits =
        new Limits(0, 0, 1, 0, Optional.empty(), Optional.of(CidrList.parse("127.0.0.9")));
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = pair(backend, limits)) {
      ProxyAccess open = ProxyAccess.of(Optional.of(ProxyAccess.NONE), Optional.empty());
      String address = pair.server().forwarders().open("web", 0, open).publicAddress();
      int port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
      try (Socket first = new Socket("127.0.0.1", port)) {
        first.setSoTimeout(20_000);
        first.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII));
        Awaitility.await()
            .atMost(SOON)
            .untilAsserted(() -> {
              try (Socket beyond = new Socket("127.0.0.1", port)) {
                beyond.setSoTimeout(200);
                assertThrows(SocketException.class, () -> beyond.getInputStream().read());
              }
            });
        try (Socket denied = new Socket()) {
          denied.bind(new InetSocketAddress("127.0.0.9", 0));
          denied.connect(new InetSocketAddress("127.0.0.1", port));
          denied.setSoTimeout(20_000);
          assertThrows(SocketException.class, () -> denied.getInputStream().read());
        }
        Map<String, Long> turnedAway = pair.server().view().usersTurnedAway();
        assertTrue(turnedAway.get("max_users_per_service") > 0, turnedAway.toString());
        assertEquals(1, turnedAway.get("deny"));
        served(pair).close(); // another service has users of its own
      }
    }
  }

  /** Every way to be gone, at any moment of a connection. */
  @Test
  void stormOfAbortedConnectionsLeavesNoPlaceTaken() throws Exception {
    int most = 20;
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = pair(backend, limits(most, most, most, 0))) {
      try (ExecutorService threads = Executors.newFixedThreadPool(40)) {
        for (int i = 0; i < 2_000; i++) {
          int how = i % 4;
          threads.execute(() -> comeAndGo(pair, how));
        }
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> {
            assertEquals(0, pair.server().view().clients().getFirst().users());
            assertEquals(2_000, pair.events().of(Event.UserEnded.class).size());
          });
      List<Socket> users = new ArrayList<>();
      try {
        for (int i = 0; i < most; i++) {
          users.add(served(pair));
        }
        turnedAway(pair);
      } finally {
        for (Socket user : users) {
          user.close();
        }
      }
    }
  }

  private static void comeAndGo(ProxyPair pair, int how) {
    try (Socket user = pair.user()) {
      if (how > 0) {
        user.getOutputStream().write(7);
      }
      if (how > 1) {
        assertEquals(7, user.getInputStream().read());
      }
      if (how < 3) {
        user.setSoLinger(true, 0);
      }
    } catch (IOException turnedAway) {
      // so are most of them
    }
  }

  private ProxyPair limited(EchoBackend backend, int rate)
      throws IOException, InterruptedException {
    Handling handling = new Handling(rate, Optional.empty(), Optional.empty());
    ServiceConfig service =
        new ServiceConfig(
            "slow", backend.address(), 0, false, Optional.empty(), 0, Optional.empty(), handling);
    return new ProxyPair(directory, service, Limits.NONE);
  }

  private static void source(Socket socket) throws IOException {
    while (true) {
      socket.getOutputStream().write(new byte[64 * 1024]);
    }
  }

  @Test
  void usersOfOneServiceShareItsRate() throws Exception {
    int rate = 400_000;
    try (EchoBackend backend = new EchoBackend(LimitsTest::source);
        ProxyPair pair = limited(backend, rate);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      long[] read = new long[4];
      long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
      for (int i = 0; i < read.length; i++) {
        int user = i;
        threads.submit(() -> {
          read[user] = readUntil(pair, end);
          return null;
        });
      }
      threads.close();
      long sum = 0;
      for (long each : read) {
        sum += each;
        assertTrue(
            each > 5L * rate / read.length * 0.8 && each < 5L * rate / read.length * 1.2,
            List.of(read[0], read[1], read[2], read[3]).toString());
      }
      double much = sum / 5.0 / rate;
      assertTrue(much > 0.9 && much < 1.1, "the rate was kept to " + much);
    }
  }

  private static long readUntil(ProxyPair pair, long end) throws IOException {
    try (Socket user = pair.user()) {
      InputStream in = user.getInputStream();
      byte[] buffer = new byte[16 * 1024];
      long total = 0;
      while (System.nanoTime() < end) {
        total += Math.max(0, in.read(buffer));
      }
      user.setSoLinger(true, 0);
      return total;
    }
  }

  /** Whoever waits for its turn is let go, and with it the tunnel and the backend. */
  @Test
  void abortedUserOfASlowServiceIsGoneAtOnce() throws Exception {
    try (EchoBackend backend = new EchoBackend(LimitsTest::source);
        ProxyPair pair = limited(backend, 10)) {
      try (Socket user = pair.user()) {
        assertTrue(user.getInputStream().read() >= 0);
        user.setSoLinger(true, 0);
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(8))
          .untilAsserted(() -> {
            assertEquals(0, backend.connections());
            assertEquals(0, pair.client().users());
            assertEquals(0, pair.server().view().clients().getFirst().users());
          });
    }
  }
}
