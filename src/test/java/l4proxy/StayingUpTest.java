package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import l4proxy.auth.Grant;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Pin;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.events.Event;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PlainConnection;
import l4proxy.net.PortRanges;
import l4proxy.net.Relay;
import l4proxy.net.Sockets;
import l4proxy.wire.Message;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that come, go and come back; ports that wait for them; keys that do not count any more.
 */
@Timeout(60)
class StayingUpTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;

  /** A link that the test can cut: relays to the server until then. */
  private static final class Link implements AutoCloseable {
    private final HostPort server;
    private AcceptLoop loop;
    private final int port;

    Link(HostPort server) throws IOException {
      this.server = server;
      this.loop = open(0);
      this.port = loop.port();
    }

    private AcceptLoop open(int at) throws IOException {
      ServerSocket listener = Sockets.listen(new InetSocketAddress("127.0.0.1", at));
      return new AcceptLoop("link", listener, this::relay);
    }

    private void relay(Socket socket) throws IOException, InterruptedException {
      try (Connection near = new PlainConnection(socket);
          Connection far =
              new PlainConnection(Sockets.connect(server.resolve(), Duration.ofSeconds(2)))) {
        Relay.join("link", near, far);
      }
    }

    HostPort address() {
      return new HostPort("127.0.0.1", port);
    }

    void cut() {
      loop.close();
    }

    void mend() throws IOException {
      loop = open(port);
    }

    @Override
    public void close() {
      loop.close();
    }
  }

  private ProxyClient through(
      HostPort server, JoinKey key, ServiceConfig service, String name, BlockingQueue<HostPort> at)
      throws IOException {
    return new ProxyClient(
        new ClientConfig(server, List.of(service), directory.resolve(name)),
        new Trust(Optional.of(key), Optional.empty(), pin -> {}),
        (which, address) -> at.add(address),
        new RecordedEvents(),
        "test");
  }

  private static HostPort next(BlockingQueue<HostPort> at) throws InterruptedException {
    HostPort address = at.poll(SOON.toSeconds(), TimeUnit.SECONDS);
    assertFalse(address == null, "not reachable in time");
    return address;
  }

  private static void isServed(HostPort address) throws IOException {
    try (Socket user = new Socket("127.0.0.1", address.port())) {
      user.setSoTimeout(10_000);
      user.getOutputStream().write('x');
      assertEquals('x', user.getInputStream().read());
    }
  }

  @Test
  void clientComesBackThroughACutLinkWithoutTheListenerClosing() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Link link = new Link(pair.server().controlAddress())) {
      BlockingQueue<HostPort> at = new LinkedBlockingQueue<>();
      ServiceConfig service = ServiceConfig.of("linked", backend.address(), 0);
      try (ProxyClient client = through(link.address(), pair.joinKey(), service, "linked", at)) {
        ProxyPair.start(client);
        HostPort address = next(at);
        for (int round = 0; round < 3; round++) {
          link.cut();
          Awaitility.await()
              .until(() ->
                  pair.server().view().clients().stream()
                      .anyMatch(c -> c.state().equals("reconnecting")));
          CompletableFuture<Void> held = // a user who comes meanwhile is held, not refused
              CompletableFuture.runAsync(() -> {
                try {
                  isServed(address);
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
          link.mend();
          held.get(10, TimeUnit.SECONDS);
        }
        assertEquals(0, at.size(), "the address never changed, so it is not announced again");
        assertEquals(2, pair.server().view().clients().size());
      }
    }
  }

  @Test
  void clientProcessStartedAgainHasItsPortAndNameAgain() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address())) {
      ServiceConfig service = ServiceConfig.of("again", backend.address(), 0);
      BlockingQueue<HostPort> at = new LinkedBlockingQueue<>();
      HostPort address;
      try (ProxyClient first = pair.newClient("again", service, at)) {
        ProxyPair.start(first);
        address = next(at);
        try (ProxyClient second = pair.newClient("again", service, at)) {
          ProxyPair.start(second); // at the same time: another instance, another port
          assertFalse(address.equals(next(at)));
        }
      }
      try (ProxyClient later = pair.newClient("again", service, at)) {
        ProxyPair.start(later);
        assertEquals(address, next(at));
        isServed(address);
      }
      assertEquals(
          3,
          pair.server().view().clients().stream().map(c -> c.publicAddress()).distinct().count());
    }
  }

  @Test
  void usersWaitForAClientThatIsAwayAndAreResetWhenItStaysAway() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address())) {
      ServiceConfig service = ServiceConfig.of("away", backend.address(), 0);
      BlockingQueue<HostPort> at = new LinkedBlockingQueue<>();
      HostPort address;
      try (ProxyClient client = pair.newClient("away", service, at)) {
        ProxyPair.start(client);
        address = next(at);
      }
      Awaitility.await()
          .until(() ->
              pair.server().view().clients().stream()
                  .anyMatch(c -> c.state().equals("reconnecting")));
      long began = System.nanoTime();
      try (Socket user = new Socket("127.0.0.1", address.port())) {
        user.setSoTimeout(10_000);
        assertThrows(SocketException.class, () -> user.getInputStream().readAllBytes());
      }
      long millis = (System.nanoTime() - began) / 1_000_000;
      assertTrue(millis >= 4_900 && millis < 8_000, "reset after " + millis + " ms");
    }
  }

  @Test
  void usersOutliveTheControlConnection() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Socket user = pair.user()) {
      user.getOutputStream().write('a');
      assertEquals('a', user.getInputStream().read());
      String before = pair.events().first(Event.ClientConnected.class).client();
      pair.client().reconnect();
      Awaitility.await()
          .atMost(SOON)
          .until(() ->
              pair.events().of(Event.ClientLost.class).stream()
                  .anyMatch(lost -> lost.client().equals(before)));
      user.getOutputStream().write('b');
      assertEquals('b', user.getInputStream().read());
    }
  }

  @Test
  void portAskedForByNumberIsLeasedToTheKey() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address())) {
      int port = freePort();
      try (FakeClient holder = new FakeClient(pair)) {
        assertInstanceOf(Message.Exposed.class, holder.exposeAt("holder", port));
        Thread answering = Thread.ofVirtual().start(() -> answerHeartbeats(holder));
        JoinKey other = pair.keys().create("other", Grant.ALL).joinKey();
        assertRefused(pair, pair.joinKey(), port, "held by another client with the same key");
        assertRefused(pair, other, port, "held by another client");
        holder.close();
        answering.join();
        assertRefused(pair, other, port, "held by another client"); // its lease lasts
      }
      BlockingQueue<HostPort> at = new LinkedBlockingQueue<>();
      ServiceConfig service = ServiceConfig.of("heir", backend.address(), port);
      try (ProxyClient heir = pair.newClient("heir", service, at)) {
        ProxyPair.start(heir); // the same key, and nobody holds it
        assertEquals(port, next(at).port());
        isServed(new HostPort("127.0.0.1", port));
      }
    }
  }

  @Test
  void holderThatLeavesAProbeUnansweredLosesItsPortToTheSameKey() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        FakeClient silent = new FakeClient(pair)) {
      int port = freePort();
      assertInstanceOf(Message.Exposed.class, silent.exposeAt("silent", port));
      BlockingQueue<HostPort> at = new LinkedBlockingQueue<>();
      ServiceConfig service = ServiceConfig.of("heir", backend.address(), port);
      try (ProxyClient heir = pair.newClient("heir", service, at)) {
        ProxyPair.start(heir);
        assertEquals(port, next(at).port());
        isServed(new HostPort("127.0.0.1", port));
      }
    }
  }

  @Test
  void portTakenByAnotherProgramIsRefused() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        ServerSocket program = Sockets.listen(new InetSocketAddress("127.0.0.1", freePort()))) {
      assertRefused(pair, pair.joinKey(), program.getLocalPort(), "stop the program that has it");
    }
  }

  @Test
  void portNotGrantedIsRefused() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address())) {
      JoinKey limited =
          pair.keys()
              .create(
                  "limited", new Grant(false, Optional.of(PortRanges.parse("20000-20010")), 0, 0))
              .joinKey();
      assertRefused(pair, limited, 20011, "may have 20000-20010");
      assertRefused(pair, pair.joinKey(), 40_000, "not among the ports of this server");
    }
  }

  @Test
  void clientThatLostItsIdIsNotLockedOutByItsOwnLease() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address())) {
      JoinKey one = pair.keys().create("one", new Grant(false, Optional.empty(), 1, 0)).joinKey();
      ServiceConfig service = ServiceConfig.of("only", backend.address(), 0);
      for (String state : List.of("before", "after")) {
        BlockingQueue<HostPort> at = new LinkedBlockingQueue<>();
        try (ProxyClient client =
            through(pair.server().controlAddress(), one, service, state, at)) {
          ProxyPair.start(client);
          isServed(next(at));
          assertRefused(pair, one, 0, "may expose 1 services and does");
        }
        Awaitility.await()
            .until(() ->
                pair.server().view().clients().stream()
                    .anyMatch(c -> c.state().equals("reconnecting")));
      }
    }
  }

  @Test
  void wrongPinAndWrongKeyAreRefused() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address())) {
      String secret = pair.joinKey().secret();
      Pin wrong = new Pin("A".repeat(43));
      assertRefused(pair, new JoinKey(wrong, secret), 0, "shows another public key");
      JoinKey unknown = new JoinKey(pair.joinKey().pin(), "B".repeat(42) + "A");
      assertRefused(pair, unknown, 0, "does not know this key");
    }
  }

  @Test
  void revokedKeyEndsItsClientAndItsUsersWithinASecond() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Socket user = pair.user()) {
      user.getOutputStream().write('x');
      assertEquals('x', user.getInputStream().read());
      user.setSoTimeout(1000);
      pair.keys().revoke("default");
      assertThrows(SocketException.class, () -> user.getInputStream().read());
      Awaitility.await()
          .atMost(Duration.ofSeconds(1))
          .until(() -> pair.server().view().clients().isEmpty());
      assertThrows(IOException.class, () -> pair.user().close());
    }
  }

  @Test
  void drainingServerLetsUsersFinish() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Socket user = pair.user()) {
      user.getOutputStream().write('x');
      assertEquals('x', user.getInputStream().read());
      CompletableFuture<Void> drained =
          CompletableFuture.runAsync(() -> {
            try {
              pair.server().drain(Duration.ofSeconds(30));
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      Awaitility.await().until(() -> !pair.server().ready());
      assertThrows(IOException.class, () -> pair.user().close());
      user.getOutputStream().write('y');
      assertEquals('y', user.getInputStream().read());
      assertFalse(drained.isDone());
      user.close();
      drained.get(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void drainingServerTakesNoNewServices() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        FakeClient late = new FakeClient(pair)) {
      pair.server().drain(Duration.ZERO);
      assertInstanceOf(Message.Draining.class, late.next());
      Message answer = late.exposeAt("late", 0);
      Message.Refused refused = assertInstanceOf(Message.Refused.class, answer);
      assertFalse(refused.lasting(), "it may come back for the next server");
    }
  }

  @Test
  void drainingClientLetsUsersFinishAndTakesNoMore() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Socket user = pair.user()) {
      user.getOutputStream().write('x');
      assertEquals('x', user.getInputStream().read());
      CompletableFuture<Void> drained =
          CompletableFuture.runAsync(() -> {
            try {
              pair.client().drain(Duration.ofSeconds(30));
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      Awaitility.await()
          .until(() -> pair.server().view().clients().getFirst().state().equals("draining"));
      user.getOutputStream().write('y');
      assertEquals('y', user.getInputStream().read());
      assertFalse(drained.isDone());
      user.close();
      drained.get(5, TimeUnit.SECONDS);
    }
  }

  private void assertRefused(ProxyPair pair, JoinKey key, int port, String reason)
      throws IOException {
    ServiceConfig service = ServiceConfig.of("refused", new HostPort("127.0.0.1", 9), port);
    try (ProxyClient client =
        through(
            pair.server().controlAddress(), key, service, "refused", new LinkedBlockingQueue<>())) {
      RefusedException refusal = assertThrows(RefusedException.class, client::run);
      assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
      assertFalse(refusal.getMessage().contains(key.secret()), "no secret in a message");
    }
  }

  private static void answerHeartbeats(FakeClient client) {
    try {
      while (true) {
        client.next();
      }
    } catch (IOException closed) {
      // the test is over
    }
  }

  private static int freePort() throws IOException {
    for (int port = 21_000; port < 22_000; port++) {
      try (ServerSocket listener = Sockets.listen(new InetSocketAddress("127.0.0.1", port))) {
        return listener.getLocalPort();
      } catch (IOException taken) {
        continue;
      }
    }
    throw new IOException("no port is free");
  }
}
