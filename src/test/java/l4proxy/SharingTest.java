package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Sharing;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.net.Connection;
import l4proxy.server.ClientView;
import l4proxy.wire.Balance;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Several clients on one public port: who is given which user, and that none is lost. */
@Timeout(60)
class SharingTest {
  private static final int PORT = 23_456;

  @TempDir Path directory;
  private EchoBackend unused;
  private ProxyPair pair;

  @BeforeEach
  void start() throws Exception {
    unused = new EchoBackend();
    pair = new ProxyPair(directory, unused.address());
  }

  @AfterEach
  void stop() {
    pair.close();
    unused.close();
  }

  private static Sharing sharing(String balance) {
    return new Sharing(balance, 1, 0);
  }

  private Member member(char name, Sharing sharing) throws Exception {
    return new Member(pair, name).join(PORT, sharing);
  }

  private static Socket user() throws IOException {
    return user("127.0.0.1");
  }

  /** A user from one of loopback's many addresses. */
  private static Socket user(String from) throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(InetAddress.ofLiteral(from), 0));
    socket.setSoTimeout(10_000);
    socket.connect(new InetSocketAddress("127.0.0.1", PORT));
    return socket;
  }

  /** Which member serves the user. */
  private static char server(Socket user) throws IOException {
    int name = user.getInputStream().read();
    assertNotEquals(-1, name, "the user's connection ended");
    return (char) name;
  }

  /** Users one after the other; how many each member had. */
  private static Map<Character, Integer> users(int count) throws IOException {
    Map<Character, Integer> served = new HashMap<>();
    for (int i = 0; i < count; i++) {
      try (Socket user = user()) {
        served.merge(server(user), 1, Integer::sum);
      }
    }
    return served;
  }

  private static void closeAll(List<Socket> users) throws IOException {
    for (Socket user : users) {
      user.close();
    }
  }

  /** One that takes what it is asked and never answers is not asked again for the same user. */
  @Test
  void userOfAMemberThatHangsIsServedByTheNext() throws Exception {
    List<Connection> tunnels = Collections.synchronizedList(new ArrayList<>());
    try (FakeClient hangs = new FakeClient(pair);
        var _ = member('b', new Sharing("first", 1, 1))) {
      Message.Tunnels asked =
          hangs.expose(
              new Message.Expose(
                  0,
                  "hangs",
                  "nowhere:1",
                  FakeClient.id(),
                  PORT,
                  0,
                  false,
                  null,
                  0,
                  new Message.Sharing(Balance.FIRST, 1, 0)));
      open(hangs, asked, tunnels);
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                open(hangs, hangs.nextTunnels(), tunnels);
              }
            } catch (IOException over) {
              // the test is
            }
          });
      try (Socket user = user()) {
        user.setSoTimeout(25_000);
        assertEquals('b', server(user));
      }
    }
    tunnels.forEach(Connection::close);
  }

  private static void open(FakeClient client, Message.Tunnels asked, List<Connection> opened)
      throws IOException {
    for (String ticket : asked.tickets()) {
      Connection tunnel = client.dial();
      opened.add(tunnel);
      Messages.write(tunnel.out(), client.hello(ticket));
    }
  }

  @Test
  void roundRobinGivesEachTheSameNumber() throws Exception {
    try (var _ = member('a', sharing("round_robin"));
        var _ = member('b', sharing("round_robin"))) {
      assertEquals(Map.of('a', 50, 'b', 50), users(100));
    }
  }

  @Test
  void weightsOfRoundRobinAreExact() throws Exception {
    try (var _ = member('a', new Sharing("round_robin", 3, 0));
        var _ = member('b', new Sharing("round_robin", 1, 0))) {
      assertEquals(Map.of('a', 75, 'b', 25), users(100));
    }
  }

  @Test
  void weightsOfLeastConnHoldForUsersWhoStay() throws Exception {
    List<Socket> users = new ArrayList<>();
    try (var _ = member('a', new Sharing("least_conn", 3, 0));
        var _ = member('b', new Sharing("least_conn", 1, 0))) {
      int a = 0;
      for (int i = 0; i < 100; i++) {
        users.add(user());
        a += server(users.getLast()) == 'a' ? 1 : 0;
      }
      assertEquals(75, a);
      closeAll(users);
    }
  }

  @Test
  void randomFollowsTheWeightsRoughly() throws Exception {
    try (var _ = member('a', new Sharing("random", 3, 0));
        var _ = member('b', new Sharing("random", 1, 0))) {
      int a = users(400).get('a');
      assertTrue(a > 240 && a < 360, "a had " + a + " of 400"); // 300 and seven deviations
    }
  }

  @Test
  void leastConnGivesNewUsersToTheIdleOne() throws Exception {
    List<Socket> users = new ArrayList<>();
    try (var _ = member('a', sharing("least_conn"))) {
      for (int i = 0; i < 20; i++) {
        users.add(user());
        assertEquals('a', server(users.getLast()));
      }
      try (var _ = member('b', sharing("least_conn"))) {
        for (int i = 0; i < 20; i++) {
          users.add(user());
          assertEquals('b', server(users.getLast()));
        }
        closeAll(users);
      }
    }
  }

  @Test
  void sourceKeepsAUsersAddressToItsMember() throws Exception {
    Map<String, Character> homes = new HashMap<>();
    try (var _ = member('a', sharing("source"));
        var _ = member('b', sharing("source"))) {
      Member third = member('c', sharing("source"));
      for (int round = 0; round < 3; round++) {
        for (int i = 1; i <= 60; i++) {
          try (Socket user = user("127.0.1." + i)) {
            char home = server(user);
            Character before = homes.put("127.0.1." + i, home);
            assertTrue(before == null || before == home, "moved from " + before + " to " + home);
          }
        }
      }
      assertEquals(3, homes.values().stream().distinct().count(), homes.toString());
      third.close();
      for (int i = 1; i <= 60; i++) {
        try (Socket user = user("127.0.1." + i)) {
          char home = server(user);
          char before = homes.get("127.0.1." + i);
          assertTrue(home != 'c' && (before == 'c' || before == home), before + " to " + home);
        }
      }
    }
  }

  @Test
  void firstUsesTheStandbyOnlyWhenThePrimaryIsOut() throws Exception {
    try (var _ = member('b', new Sharing("first", 1, 10))) {
      Member primary = member('a', new Sharing("first", 1, 5));
      assertEquals(Map.of('a', 30), users(30));
      primary.leave();
      assertEquals(Map.of('b', 30), users(30));
      primary.join(PORT, new Sharing("first", 1, 5));
      assertEquals(Map.of('a', 30), users(30));
      primary.backendGoes();
      assertEquals(Map.of('b', 30), users(30));
      primary.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"least_conn", "round_robin", "random", "source", "first"})
  void refusalGoesToTheNextAndTheUserNoticesNothing(String balance) throws Exception {
    try (Member down = member('a', sharing(balance));
        var _ = member('b', sharing(balance))) {
      down.backendGoes();
      assertEquals(Map.of('b', 200), users(200));
    }
  }

  @Test
  void firstBytesGoToTheNextMemberToo() throws Exception {
    byte[] said = Bytes.of(1, 50_000);
    try (Member down = member('a', new Sharing("first", 1, 0));
        var _ = member('b', new Sharing("first", 1, 1))) {
      down.backendGoes();
      for (int i = 0; i < 3; i++) {
        try (Socket user = user()) {
          user.getOutputStream().write(said);
          user.shutdownOutput();
          assertEquals('b', server(user));
          assertEquals(-1, java.util.Arrays.mismatch(said, user.getInputStream().readAllBytes()));
        }
      }
    }
  }

  @Test
  void whenEveryMemberRefusesTheUserIsResetAtOnce() throws Exception {
    try (Member one = member('a', sharing("round_robin"));
        Member other = member('b', sharing("round_robin"))) {
      one.backendGoes();
      other.backendGoes();
      for (int i = 0; i < 10; i++) { // out or not, both are tried each time
        long began = System.nanoTime();
        try (Socket user = user()) {
          assertThrows(SocketException.class, () -> user.getInputStream().read());
        }
        assertTrue(System.nanoTime() - began < 4_000_000_000L, "not at once");
      }
      Awaitility.await()
          .untilAsserted(() ->
              assertEquals(
                  10,
                  pair.events().of(Event.UserEnded.class).stream()
                      .filter(e -> e.endedBy() == EndedBy.REFUSED)
                      .count()));
    }
  }

  @Test
  void memberThatLeavesInOrderTakesNobodyWithIt() throws Exception {
    try (var _ = member('a', sharing("round_robin"))) {
      Member leaving = member('b', sharing("round_robin"));
      List<Socket> its = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        Socket user = user();
        its.add(user);
        if (server(user) == 'b') {
          user.setSoTimeout(20_000);
        }
      }
      Thread draining =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  leaving.client().drain(java.time.Duration.ofSeconds(20));
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      Awaitility.await()
          .until(() -> views(PORT).stream().anyMatch(v -> !v.state().equals("connected")));
      assertEquals(Map.of('a', 20), users(20));
      for (Socket user : its) {
        user.getOutputStream().write('x');
        assertEquals('x', user.getInputStream().read());
      }
      closeAll(its);
      draining.join();
      leaving.close();
    }
  }

  private List<ClientView> views(int port) {
    return pair.server().view().clients().stream()
        .filter(view -> view.publicAddress().endsWith(":" + port))
        .toList();
  }

  @Test
  void membersAreListedEachWithItsOwnUsers() throws Exception {
    List<Socket> users = new ArrayList<>();
    try (var _ = member('a', sharing("round_robin"));
        var _ = member('b', sharing("round_robin"))) {
      for (int i = 0; i < 6; i++) {
        users.add(user());
        server(users.getLast());
      }
      List<ClientView> views = views(PORT);
      assertEquals(2, views.size());
      views.forEach(view -> assertEquals(3, view.users(), view.toString()));
      views.forEach(view -> assertTrue(view.sharePublicAddr()));
      closeAll(users);
    }
  }

  private String refusal(ServiceConfig service) throws IOException, InterruptedException {
    try (var client = pair.newClient("refused", service, new LinkedBlockingQueue<>())) {
      return assertThrows(RefusedException.class, client::run).getMessage();
    }
  }

  @Test
  void memberThatDiffersIsRefused() throws Exception {
    try (var _ = member('a', sharing("round_robin"))) {
      String other =
          refusal(
              new ServiceConfig(
                  "x",
                  unused.address(),
                  PORT,
                  false,
                  Optional.empty(),
                  0,
                  Optional.of(sharing("least_conn"))));
      assertTrue(other.contains("--balance round_robin"), other);
      String alone = refusal(ServiceConfig.of("x", unused.address(), PORT));
      assertTrue(alone.contains("--share_public_port"), alone);
    }
    String shared =
        refusal(
            new ServiceConfig(
                "x",
                unused.address(),
                pair.publicPort(),
                false,
                Optional.empty(),
                0,
                Optional.of(sharing("random"))));
    assertTrue(shared.contains("--share_public_port"), shared);
  }

  @Test
  void usersAreHeldWhileTheOnlyMemberComesBack() throws Exception {
    Member only = member('a', sharing("least_conn"));
    only.leave();
    try (Socket user = user()) {
      only.join(PORT, sharing("least_conn"));
      assertEquals('a', server(user));
    }
    only.close();
  }
}
