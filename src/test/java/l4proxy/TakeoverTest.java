package l4proxy;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import l4proxy.auth.Grant;
import l4proxy.auth.Identity;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.auth.StateException;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.http.ProxyAccess;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.server.ClientView;
import l4proxy.server.ForwarderView;
import l4proxy.server.Limits;
import l4proxy.server.PortTakenException;
import l4proxy.server.ProxyServer;
import l4proxy.server.ServerConfig;
import l4proxy.server.ServerState;
import l4proxy.server.Takeover;
import l4proxy.wire.Message;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** One server takes another over, both in this process; over the kernel it is all the same. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class TakeoverTest {
  @TempDir private Path directory;

  /** A server that takes over the one of a pair. */
  private static final class Next implements AutoCloseable {
    private final Takeover takeover;
    private final StateDirectory state;
    private final Keys keys;
    private final ProxyServer server;
    private final RecordedEvents events = new RecordedEvents();

    Next(Path directory, HostPort control) throws IOException, InterruptedException {
      takeover = Takeover.of(directory, control, "next");
      state = StateDirectory.beside(directory);
      Identity identity = Identity.open(state);
      keys = Keys.open(state, identity.pin());
      server =
          new ProxyServer(
              new ServerConfig(
                  control,
                  Optional.of("127.0.0.1"),
                  Optional.empty(),
                  PortRanges.parse("10000-32000"),
                  false,
                  false,
                  false,
                  Limits.NONE,
                  Duration.ofSeconds(30)),
              new ServerState(state, identity, keys, Optional.empty()),
              events,
              "next",
              Optional.of(takeover));
    }

    Next start() throws IOException, InterruptedException {
      server.start(new InetSocketAddress("127.0.0.1", 9));
      return this;
    }

    @Override
    public void close() {
      server.close();
      takeover.close();
      state.close();
    }
  }

  private Path state() {
    return directory.resolve("server");
  }

  private Next next(ProxyPair pair) throws IOException, InterruptedException {
    return new Next(state(), pair.server().controlAddress());
  }

  private static void echo(Socket user) throws IOException {
    byte[] question = "hello".getBytes(StandardCharsets.US_ASCII);
    user.getOutputStream().write(question);
    assertEquals(
        "hello", new String(user.getInputStream().readNBytes(5), StandardCharsets.US_ASCII));
  }

  private static void awaitEvent(ProxyPair pair, String text) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> pair.events().all().toString().contains(text));
  }

  private static int users(ProxyServer server) {
    return server.view().load().users();
  }

  @Test
  void usersStayWhereTheyAreAndNewOnesComeToTheNext() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Socket before = pair.user()) {
      echo(before);
      try (Next next = next(pair).start();
          Socket after = pair.user()) {
        echo(after);
        echo(before);
        assertTrue(pair.server().isTakenOver());
        assertEquals(1, users(pair.server()));
        assertEquals(1, users(next.server));
        assertEquals(
            pair.server().view().clients().getFirst().name(),
            next.server.view().clients().getFirst().name());
        Thread draining = drain(pair.server(), Duration.ofSeconds(30));
        before.close();
        assertTrue(draining.join(Duration.ofSeconds(10)), "it waits for a user who is gone");
        pair.server().close();
        echo(after);
        assertEquals(1, pair.client().users());
      }
    }
  }

  /** Users on their way to the old process find tunnels there: no more can be had from then on. */
  @Test
  void clientsOpenTunnelsInStockBefore() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Socket user = pair.user()) {
      echo(user);
      await().until(() -> pair.server().view().load().idleTunnels() == 2);
      try (Next next = next(pair).start()) {
        assertTrue(pair.server().isTakenOver());
        assertEquals(
            8,
            pair.server().view().load().idleTunnels(),
            "as many again, as many as have users, and four");
        echo(user);
        assertEquals(0, users(next.server));
      }
    }
  }

  @Test
  void clientThatIsJustComingBackServesThoseWhoWaitForIt() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false)) {
      pair.client().close();
      try (Socket user = pair.user()) {
        FutureTask<Next> taking = new FutureTask<>(() -> next(pair).start());
        Thread.ofVirtual().start(taking);
        awaitEvent(pair, "takes this server over");
        try (ProxyClient back =
            pair.newClient("client", same(backend), new LinkedBlockingQueue<>())) {
          ProxyPair.start(back);
          echo(user);
          try (Next next = taking.get()) {
            assertEquals(1, users(pair.server()));
            assertEquals(0, users(next.server));
            echo(user);
          }
        }
      }
    }
  }

  @Test
  void whoTookOverCanBeTakenOver() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Next next = next(pair).start()) {
      pair.server().close();
      try (Next third = next(pair).start();
          Socket user = pair.user()) {
        echo(user);
        assertEquals(1, users(third.server));
        assertTrue(next.server.isTakenOver());
      }
    }
  }

  @Test
  void whoDiesMidwayLeavesEverythingAsItWas() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Socket before = pair.user()) {
      echo(before);
      try (Takeover takeover = Takeover.of(state(), pair.server().controlAddress(), "next")) {
        StateException frozen =
            assertThrows(StateException.class, () -> pair.keys().create("late", Grant.ALL));
        assertTrue(frozen.getMessage().contains("takes this server over"), frozen.getMessage());
        assertEquals(pair.server().controlAddress().port(), takeover.controlPort());
      }
      awaitEvent(pair, "the takeover failed");
      pair.keys().create("late", Grant.ALL);
      echo(before);
      try (Socket after = pair.user()) {
        echo(after);
        assertEquals(2, users(pair.server()));
      }
      try (Next next = next(pair).start();
          Socket after = pair.user()) {
        echo(after);
        assertEquals(1, users(next.server));
      }
    }
  }

  @Test
  void whoDiesBeforeItHoldsTheStateLeavesEverythingAsItWas() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Socket before = pair.user()) {
      echo(before);
      releaseTo(pair).close();
      awaitEvent(pair, "the takeover failed");
      assertFalse(pair.server().isTakenOver());
      pair.keys().create("late", Grant.ALL);
      echo(before);
      try (Socket after = pair.user()) {
        echo(after);
      }
      try (Next next = next(pair).start();
          Socket after = pair.user()) {
        echo(after);
        assertEquals(1, users(next.server));
      }
    }
  }

  /** A process that begins to take a server over. */
  private SocketChannel take(ProxyPair pair) throws IOException {
    SocketChannel next =
        SocketChannel.open(UnixDomainSocketAddress.of(state().resolve("takeover")));
    HostPort control = pair.server().controlAddress();
    say(
        next,
        "{\"type\":\"Take\",\"protocol\":1,\"version\":\"9\",\"control\":\"" + control + "\"}");
    assertTrue(hear(next).contains("\"type\":\"Yes\""));
    return next;
  }

  /** The same, up to where it is to hold the state. */
  private SocketChannel releaseTo(ProxyPair pair) throws IOException {
    SocketChannel next = take(pair);
    say(next, "{\"type\":\"Finish\"}");
    assertEquals("{\"type\":\"Released\"}", hear(next));
    return next;
  }

  /** Its next process can have tunnels only at the next server, where no users are yet. */
  @Test
  void clientThatLeavesMeanwhileServesAsLongAsUsersComeHere() throws Exception {
    BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        ProxyClient second = pair.newClient("client", same(backend), reachable)) {
      ProxyPair.start(second);
      await().until(() -> pair.server().view().load().clients() == 2);
      SocketChannel dying = take(pair);
      for (String step : List.of("Share", "Bound")) {
        say(dying, "{\"type\":\"" + step + "\",\"listener\":\"control\"}");
        hear(dying);
      }
      FutureTask<Void> leaving =
          new FutureTask<>(() -> {
            pair.client().drain(Duration.ofSeconds(30));
            return null;
          });
      Thread.ofVirtual().start(leaving);
      for (int i = 0; i < 20; i++) { // the client has left long before the last
        try (Socket user = pair.user()) {
          echo(user);
        }
        TimeUnit.MILLISECONDS.sleep(50);
      }
      assertFalse(leaving.isDone());
      dying.close();
      leaving.get(10, TimeUnit.SECONDS);
      assertEquals(
          new HostPort("127.0.0.1", pair.publicPort()), reachable.poll(20, TimeUnit.SECONDS));
      try (Socket user = pair.user()) {
        echo(user);
      }
    }
  }

  private static ServiceConfig same(EchoBackend backend) {
    return new ServiceConfig(
        "echo", backend.address(), 0, false, Optional.empty(), 0, Optional.empty());
  }

  @Test
  void whoIsClosedWhileItTakesItsStateBackLeavesNothing() throws Exception {
    Path lock = state().resolve("lock");
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false)) {
      SocketChannel dying = releaseTo(pair);
      Files.delete(lock);
      Files.createDirectory(lock); // nobody can hold the state
      dying.shutdownOutput();
      assertTrue(hear(dying).contains("Cancelled"));
      assertEquals(-1, dying.read(ByteBuffer.allocate(1)));
      dying.close();
      TimeUnit.MILLISECONDS.sleep(200); // most probably it tries to hold its state by now
      pair.server().close();
      Files.delete(lock);
    }
  }

  @Test
  void portOfAServiceThatEndedMeanwhileIsNotTakenBack() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false)) {
      ForwarderView proxy = forwardProxy(pair);
      int port = HostPort.parse(proxy.publicAddress(), -1).port();
      SocketChannel dying = take(pair);
      for (String step : List.of("Share", "Bound")) {
        say(dying, "{\"type\":\"" + step + "\",\"listener\":\"" + port + "\"}");
        hear(dying);
      }
      assertTrue(pair.server().forwarders().close(proxy.name()));
      dying.close();
      awaitEvent(pair, "the takeover failed");
      assertThrows(ConnectException.class, () -> new Socket("127.0.0.1", port).close());
    }
  }

  private static void say(SocketChannel channel, String json) throws IOException {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    channel.write(ByteBuffer.allocate(4 + text.length).putInt(text.length).put(text).flip());
  }

  private static String hear(SocketChannel channel) throws IOException {
    ByteBuffer length = ByteBuffer.allocate(4);
    fill(channel, length);
    ByteBuffer text = ByteBuffer.allocate(length.flip().getInt());
    fill(channel, text);
    return new String(text.array(), StandardCharsets.UTF_8);
  }

  private static void fill(SocketChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      assertTrue(channel.read(buffer) > 0, "it is gone");
    }
  }

  @Test
  void onlyOneTakesOverAtATime() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Next next = next(pair)) {
      IOException no = assertThrows(IOException.class, () -> next(pair));
      assertTrue(no.getMessage().contains("another process is taking it over"), no.getMessage());
      next.start();
    }
  }

  @Test
  void serverElsewhereIsNotTakenOver() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false)) {
      IOException no =
          assertThrows(
              IOException.class, () -> Takeover.of(state(), new HostPort("127.0.0.1", 1), "next"));
      assertTrue(
          no.getMessage().contains("its --ctl_addr is " + pair.server().controlAddress()),
          no.getMessage());
      try (Socket user = pair.user()) {
        echo(user);
      }
    }
  }

  @Test
  void withoutAServerThereIsNothingToTakeOver() {
    IOException no =
        assertThrows(
            IOException.class,
            () -> Takeover.of(directory, new HostPort("127.0.0.1", 2222), "next"));
    assertTrue(no.getMessage().startsWith("There is no server to take over"), no.getMessage());
  }

  @Test
  void serverThatCannotBeTakenOverIsNamedAsSuch() throws Exception {
    try (StateDirectory held = StateDirectory.open(directory)) {
      IOException no =
          assertThrows(
              IOException.class,
              () -> Takeover.of(held.path(), new HostPort("127.0.0.1", 2222), "next"));
      assertTrue(no.getMessage().contains("cannot be taken over"), no.getMessage());
    }
  }

  @Test
  void otherProtocolIsRefused() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        SocketChannel channel =
            SocketChannel.open(UnixDomainSocketAddress.of(state().resolve("takeover")))) {
      byte[] take =
          ("{\"type\":\"Take\",\"protocol\":99,\"version\":\"9.9\",\"control\":\""
                  + pair.server().controlAddress()
                  + "\"}")
              .getBytes(StandardCharsets.UTF_8);
      channel.write(ByteBuffer.allocate(4 + take.length).putInt(take.length).put(take).flip());
      ByteBuffer answer = ByteBuffer.allocate(1000);
      while (channel.read(answer) >= 0) {
        // until it is closed
      }
      String text = new String(answer.array(), 4, answer.position() - 4, StandardCharsets.UTF_8);
      assertTrue(text.contains("cannot hand over to version 9.9"), text);
      try (Socket user = pair.user()) {
        echo(user);
      }
    }
  }

  @Test
  void onlyTheUserOfTheServerMayConnect() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false)) {
      assertEquals(
          "rw-------",
          PosixFilePermissions.toString(
              Files.getPosixFilePermissions(state().resolve("takeover"))));
      assertTrue(pair.server().ready());
    }
  }

  @Test
  void revokedKeyEndsTheUsersThatStayed() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Socket before = pair.user()) {
      echo(before);
      try (Next next = next(pair).start()) {
        assertTrue(next.keys.revoke("default"));
        assertThrows(SocketException.class, () -> before.getInputStream().read());
      }
    }
  }

  @Test
  void serviceEndedByCommandEndsTheUsersThatStayed() throws Exception {
    BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        ProxyClient second =
            pair.newClient(
                "second",
                new ServiceConfig(
                    "second", backend.address(), 0, false, Optional.empty(), 0, Optional.empty()),
                reachable)) {
      CompletableFuture<String> ended = new CompletableFuture<>();
      Thread running =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  second.run();
                } catch (RefusedException | InterruptedException e) {
                  ended.complete(String.valueOf(e.getMessage()));
                }
              });
      HostPort address = Objects.requireNonNull(reachable.poll(20, TimeUnit.SECONDS));
      try (Socket before = new Socket(address.host(), address.port())) {
        before.setSoTimeout(20_000);
        echo(before);
        try (Next next = next(pair).start()) {
          String name =
              next.server.view().clients().stream()
                  .filter(client -> client.displayName().equals("second"))
                  .findFirst()
                  .orElseThrow()
                  .name();
          assertTrue(next.server.view().endClient(name));
          assertThrows(SocketException.class, () -> before.getInputStream().read());
          assertTrue(ended.get(20, TimeUnit.SECONDS).contains("was ended on the server"));
        }
      }
      running.join();
    }
  }

  @Test
  void whatIsEndedInTheThirdProcessEndsInTheFirst() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Socket user = pair.user()) {
      ServiceConfig echo = ServiceConfig.of("echo", backend.address(), 0);
      ServiceConfig second = ServiceConfig.of("second", backend.address(), 0);
      pair.client().reconfigure(List.of(echo, second), refused -> {});
      HostPort address = pair.nextAddress();
      try (Socket other = new Socket(address.host(), address.port());
          Next next = next(pair).start();
          Next third = next(pair).start()) {
        echo(user);
        echo(other);
        Thread leaving = drain(next.server, Duration.ofSeconds(30));
        assertFalse(
            leaving.join(Duration.ofMillis(1_500)),
            "it is gone, and the first, which has users, hears of nothing any more");
        String name = connected(third.server, "second").orElseThrow().name();
        assertTrue(third.server.view().endClient(name));
        assertThrows(SocketException.class, () -> other.getInputStream().read());
        echo(user);
        assertTrue(third.keys.revoke("default"));
        assertThrows(SocketException.class, () -> user.getInputStream().read());
      }
    }
  }

  @Test
  void whoTookOverStaysForTheUsersOfTheFirstWhenTheTimeOfItsOwnIsOver() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Socket user = pair.user()) {
      echo(user);
      try (Next next = next(pair).start();
          Socket own = pair.user()) {
        echo(own);
        try (Next third = next(pair).start()) {
          Thread leaving = drain(next.server, Duration.ofMillis(100));
          assertFalse(
              leaving.join(Duration.ofMillis(2_500)),
              "it is gone, and the first, which has users, hears of nothing any more");
          assertThrows(SocketException.class, () -> own.getInputStream().read());
          echo(user);
          assertTrue(third.keys.revoke("default"));
          assertThrows(SocketException.class, () -> user.getInputStream().read());
          next.takeover.close(); // as when the first ends
          assertTrue(leaving.join(Duration.ofSeconds(20)), "it waits for nobody");
        }
      }
    }
  }

  private static Thread drain(ProxyServer server, Duration time) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            server.drain(time);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  @Test
  void serviceEndedWhileAClientIsAwaitedEndsItsUsersAndNotTheTakeover() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        FakeClient away = new FakeClient(pair)) {
      away.expose("away"); // and never connects to the next
      ServiceConfig echo = ServiceConfig.of("echo", backend.address(), 0);
      ServiceConfig second = ServiceConfig.of("second", backend.address(), 0);
      pair.client().reconfigure(List.of(echo, second), refused -> {});
      pair.nextAddress();
      try (Socket before = pair.user();
          Next next = next(pair)) {
        echo(before);
        FutureTask<Next> taking = new FutureTask<>(next::start);
        Thread.ofVirtual().start(taking);
        await().until(() -> connected(next.server, "second").isPresent());
        String name = connected(next.server, "second").orElseThrow().name();
        assertTrue(next.server.view().endClient(name));
        assertFalse(taking.isDone(), "nobody is awaited");
        taking.get();
        assertThrows(SocketException.class, () -> before.getInputStream().read());
      }
    }
  }

  private static Optional<ClientView> connected(ProxyServer server, String name) {
    return server.view().clients().stream()
        .filter(c -> c.displayName().equals(name) && c.state().equals("connected"))
        .findFirst();
  }

  @Test
  void forwardProxiesKeepTheirPortsAndLogins() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false)) {
      ForwarderView before = forwardProxy(pair);
      int port = HostPort.parse(before.publicAddress(), -1).port();
      try (Next next = next(pair).start()) {
        assertEquals(List.of(before), next.server.forwarders().list());
        assertEquals("HTTP/1.1 407", connect(port, ""));
        assertEquals("HTTP/1.1 403", connect(port, "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
      }
    }
  }

  private static ForwarderView forwardProxy(ProxyPair pair) throws IOException, PortTakenException {
    ProxyAccess access = ProxyAccess.of(Optional.of("me:secret"), Optional.empty());
    return pair.server().forwarders().open("fwd", 0, access);
  }

  /** How a proxy begins its answer to who wants to go where it does not go. */
  private static String connect(int port, String field) throws IOException {
    try (Socket user = new Socket("127.0.0.1", port)) {
      user.setSoTimeout(20_000);
      String request = "CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: 127.0.0.1:1\r\n" + field + "\r\n";
      user.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(user.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void internalPortGoesOver() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair =
            new ProxyPair(
                directory,
                new ServiceConfig(
                    "echo", backend.address(), 0, true, Optional.of(31_999), 0, Optional.empty()),
                Limits.NONE);
        Next next = next(pair).start();
        Socket after = pair.user()) {
      echo(after);
      assertEquals(1, users(next.server));
      assertTrue(next.server.view().clients().getFirst().internalAddress().endsWith(":31999"));
    }
  }

  @Test
  void clientThatKnowsNothingOfItIsDisconnectedInTheEnd() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        FakeClient old = new FakeClient(pair)) {
      old.expose("old");
      Thread reader =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  boolean told = false;
                  while (true) {
                    Message next = old.next();
                    assertFalse(told && next instanceof Message.Tunnels, "tunnels asked for late");
                    told |= next instanceof Message.TakenOver;
                  }
                } catch (IOException disconnected) {
                  // as it must be
                }
              });
      try (Next next = next(pair).start()) {
        assertTrue(reader.join(Duration.ofSeconds(10)), "it is still connected");
        assertEquals(2, next.server.view().clients().size());
        try (Socket after = pair.user()) {
          echo(after);
        }
      }
    }
  }

  @Test
  void whoTookOverKeepsTheStateFromThenOn() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false)) {
      try (Next next = next(pair)) {
        assertInstanceOf(
            StateException.class,
            assertThrows(IOException.class, () -> next.keys.create("early", Grant.ALL)));
        next.start();
        next.keys.create("new", Grant.ALL);
        assertThrows(StateException.class, () -> pair.keys().create("old", Grant.ALL));
      }
      String keys = Files.readString(state().resolve("keys.json"));
      assertTrue(keys.contains("\"new\""), "not written");
      String leases = Files.readString(state().resolve("leases.json"));
      assertTrue(leases.contains(String.valueOf(pair.publicPort())), leases);
    }
  }

  @Test
  void whoIsAwayMeanwhileComesBackToItsPort() throws Exception {
    BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false)) {
      pair.client().close();
      try (Next next = next(pair).start();
          ProxyClient back =
              pair.newClient("client", ServiceConfig.of("echo", backend.address(), 0), reachable)) {
        Thread running = ProxyPair.start(back);
        HostPort again = reachable.poll(20, TimeUnit.SECONDS);
        assertEquals(new HostPort("127.0.0.1", pair.publicPort()), again);
        back.close();
        assertTrue(running.join(Duration.ofSeconds(10)), "the client goes on");
      }
    }
  }

  @Test
  void serviceThatEndsMeanwhileDoesNotEndTheTakeover() throws Exception {
    BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        ProxyClient second =
            pair.newClient("second", ServiceConfig.of("two", backend.address(), 0), reachable)) {
      ProxyPair.start(second);
      assertNotNull(reachable.poll(20, TimeUnit.SECONDS));
      try (Next next = next(pair)) {
        second.reconfigure(List.of(), refused -> {});
        await().until(() -> pair.server().view().clients().size() == 1);
        next.start();
        try (Socket user = pair.user()) {
          echo(user);
          assertEquals(1, users(next.server));
        }
      }
    }
  }

  /** Opened where the next does not know of it, it would have another one a moment later. */
  @Test
  void serviceExposedMeanwhileHasItsPortFromTheNext() throws Exception {
    BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        Next next = next(pair);
        ProxyClient second =
            pair.newClient("second", ServiceConfig.of("two", backend.address(), 0), reachable)) {
      ProxyPair.start(second);
      awaitEvent(pair, "another process takes this server over just now. Trying again.");
      assertThrows(
          PortTakenException.class,
          () ->
              pair.server()
                  .forwarders()
                  .open("late", 0, ProxyAccess.of(Optional.empty(), Optional.empty())));
      next.start();
      HostPort address = reachable.poll(20, TimeUnit.SECONDS);
      assertNotNull(address);
      assertEquals(2, next.server.view().clients().size());
      assertEquals(1, pair.server().view().clients().size());
      try (Socket user = new Socket(address.host(), address.port())) {
        echo(user);
      }
      assertEquals(List.of(), List.copyOf(reachable));
    }
  }

  @Test
  void serviceExposedWhileATakeoverFailsHasItsPortThen() throws Exception {
    BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address(), false);
        SocketChannel dying = take(pair);
        ProxyClient second =
            pair.newClient("second", ServiceConfig.of("two", backend.address(), 0), reachable)) {
      ProxyPair.start(second);
      awaitEvent(pair, "another process takes this server over just now. Trying again.");
      assertTrue(pair.server().isBeingTakenOver());
      dying.close();
      assertNotNull(reachable.poll(20, TimeUnit.SECONDS));
      assertFalse(pair.server().isBeingTakenOver());
    }
  }

  @Test
  void clientWhoseLastServiceIsEndedByTheOneTakenOverEnds() throws Exception {
    try (FakeServer server = new FakeServer();
        EchoBackend backend = new EchoBackend();
        ProxyClient client =
            new ProxyClient(
                new ClientConfig(
                    server.address(),
                    List.of(ServiceConfig.of("echo", backend.address(), 0)),
                    directory),
                new Trust(Optional.empty(), Optional.empty(), pin -> {}),
                (which, address) -> {},
                new RecordedEvents(),
                "test")) {
      FutureTask<Void> running =
          new FutureTask<>(() -> {
            client.run();
            return null;
          });
      Thread.ofVirtual().start(running);
      Connection old = server.nextClient();
      server.tell(old, new Message.TakenOver());
      server.nextClient();
      server.tell(old, new Message.Ended(0));
      ExecutionException ended =
          assertThrows(ExecutionException.class, () -> running.get(10, TimeUnit.SECONDS));
      assertInstanceOf(RefusedException.class, ended.getCause());
    }
  }

  @Test
  void serverWithTooLongAPathIsStartedAllTheSame() throws Exception {
    Path deep = Files.createDirectories(directory.resolve("d".repeat(100)));
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(deep, backend.address(), false);
        Socket user = pair.user()) {
      echo(user);
      awaitEvent(pair, "--takeover will not find");
    }
  }
}
