package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import l4proxy.EchoBackend;
import l4proxy.auth.JoinKey;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Sharing;
import l4proxy.client.Trust;
import l4proxy.net.HostPort;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One public port, several clients as processes that come, go and die: no user is lost. */
@Timeout(240)
final class SharingIT {
  @TempDir private Path directory;

  /** A backend that first says a letter, its name, and then echoes. */
  private static EchoBackend named(char name) throws IOException {
    return new EchoBackend(socket -> {
      socket.getOutputStream().write(name);
      socket.getInputStream().transferTo(socket.getOutputStream());
      socket.shutdownOutput();
    });
  }

  private static Program member(Account account, int backend, int port, String... words)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("--share_public_port"));
    all.addAll(List.of("--pub_port", String.valueOf(port)));
    all.addAll(List.of(words));
    return account.client(backend, all.toArray(String[]::new));
  }

  /** Users one after the other, each of whom has to be served; how many each member had. */
  private static Map<Character, Integer> users(int port, int count) throws IOException {
    Map<Character, Integer> served = new HashMap<>();
    for (int i = 0; i < count; i++) {
      try (Socket user = Users.connect(port)) {
        int name = user.getInputStream().read();
        assertTrue(name >= 0, "user " + i + " got an end instead of a member");
        Users.echo(user);
        served.merge((char) name, 1, Integer::sum);
      }
    }
    return served;
  }

  @Test
  @Tag("beside")
  void backendThatIsDownCostsNoUser() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend up = named('u');
        EchoBackend down = named('d')) {
      account.server();
      int port = Account.publicPort(member(account, up.port(), 0, "--balance", "round_robin"));
      Account.publicPort(member(account, down.port(), port, "--balance", "round_robin"));
      assertEquals(Map.of('u', 10, 'd', 10), users(port, 20));
      down.close();
      assertEquals(Map.of('u', 1000), users(port, 1000));
    }
  }

  @Test
  @Tag("beside")
  void memberKilledBetweenUsersCostsNoUser() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend one = named('1');
        EchoBackend other = named('2')) {
      account.server();
      int port = Account.publicPort(member(account, one.port(), 0));
      Program killed = member(account, other.port(), port);
      assertEquals(port, Account.publicPort(killed));
      assertEquals(2, users(port, 500).size());
      killed.kill();
      killed.exit();
      assertEquals(Map.of('1', 1000), users(port, 1000));
    }
  }

  /**
   * Nobody is refused before the 5 s are over for which users are held; and where a client starts
   * within them, nobody at all. (On a machine under load a start alone may take longer.)
   */
  @Test
  void restartUnderFiftyNewUsersASecondRefusesNobody() throws Exception {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend();
        ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Program server = account.server();
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      List<Future<Duration>> users = new ArrayList<>();
      clock.scheduleAtFixedRate(
          () -> users.add(threads.submit(() -> refusedAfter(port))), 0, 20, TimeUnit.MILLISECONDS);
      Duration longest = Duration.ZERO;
      for (int i = 0; i < 3; i++) {
        LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
        long stopped = System.nanoTime();
        client.terminate();
        Program next = account.client(backend.port()); // at once, while the other still drains
        assertEquals(port, Account.publicPort(next), () -> server.said());
        Duration away = Duration.ofNanos(System.nanoTime() - stopped);
        longest = longest.compareTo(away) > 0 ? longest : away;
        assertEquals(0, client.exit(), client.said());
        client = next;
      }
      clock.shutdown();
      assertTrue(clock.awaitTermination(5, TimeUnit.SECONDS));
      assertTrue(users.size() > 150, users.size() + " users");
      System.out.println("FIGURE: a client was away for at most " + longest.toMillis() + " ms");
      for (Future<Duration> user : users) {
        Duration refused = user.get();
        assertTrue(
            refused.isNegative() || longest.toMillis() > 1_500 && refused.toMillis() >= 5_000,
            () -> "a user was refused after " + refused + server.said());
      }
    }
  }

  /** How long a user waited who was refused; negative for one who was served. */
  private static Duration refusedAfter(int port) throws IOException {
    long began = System.nanoTime();
    try (Socket user = Users.connect(port)) {
      for (int i = 0; i < 10; i++) {
        Users.echo(user);
      }
    } catch (SocketException refused) {
      return Duration.ofNanos(System.nanoTime() - began);
    }
    return Duration.ofNanos(-1);
  }

  /** A member in this process, which can come and go faster than a JVM starts. */
  private final class Guest implements AutoCloseable {
    private final ProxyClient client;
    private final Thread running;

    Guest(HostPort server, JoinKey key, ServiceConfig service, String name) throws Exception {
      BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
      client =
          new ProxyClient(
              new ClientConfig(
                  server, List.of(service), Files.createDirectories(directory.resolve(name))),
              new Trust(Optional.of(key), Optional.empty(), pin -> {}),
              (which, address) -> reachable.add(address),
              event -> {},
              "guest");
      running = Thread.ofVirtual().start(this::run);
      assertTrue(reachable.poll(10, TimeUnit.SECONDS) != null, "the guest did not join");
    }

    private void run() {
      try {
        client.run();
      } catch (RefusedException e) {
        throw new IllegalStateException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() throws InterruptedException {
      client.close();
      running.join();
    }
  }

  @Test
  @Tag("beside")
  void establishedUsersAreCutOnlyWithTheirOwnMember() throws Exception {
    try (Account account = new Account(directory);
        EchoBackend stays = named('s');
        EchoBackend comes = named('c');
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      account.server();
      int port = Account.publicPort(member(account, stays.port(), 0));
      JoinKey key = JoinKey.parse(account.rememberedKey()); // the one that the other member has
      AtomicBoolean over = new AtomicBoolean();
      List<Future<Integer>> users = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        users.add(threads.submit(() -> stayingUser(port, over)));
      }
      int joined = comeAndGo(account, key, comes.port(), port);
      over.set(true);
      int served = 0;
      for (Future<Integer> user : users) {
        served += user.get();
      }
      System.out.printf("FIGURE: members joined and left: %d%n", joined);
      System.out.printf("FIGURE: users served meanwhile: %d%n", served);
      assertTrue(joined >= 50, joined + " members joined");
    }
  }

  /** One member after the other joins, stays 100 ms, and breaks off, for 20 s. */
  private int comeAndGo(Account account, JoinKey key, int backend, int port) throws Exception {
    ServiceConfig service =
        new ServiceConfig(
            "comes",
            new HostPort("127.0.0.1", backend),
            port,
            false,
            Optional.empty(),
            0,
            Optional.of(new Sharing("least_conn", 1, 0)));
    int joined = 0;
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (System.nanoTime() - end < 0) {
      try (var _ = new Guest(HostPort.parse(account.control(), 1), key, service, "guest")) {
        joined++;
        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
      }
    }
    return joined;
  }

  /**
   * Users one after the other, each with many questions. One whose member stays is never cut, one
   * of the guest's may be, and then another follows. How many there were.
   */
  private static int stayingUser(int port, AtomicBoolean over) throws IOException {
    int users = 0;
    while (!over.get()) {
      int name = 0;
      try (Socket user = Users.connect(port)) {
        name = user.getInputStream().read();
        assertTrue(name > 0, "an end instead of a member");
        users++;
        for (int i = 0; i < 400 && !over.get(); i++) {
          Users.echo(user);
          LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
      } catch (SocketException cut) {
        assertNotEquals('s', name, "cut, though its member is there: " + cut.getMessage());
      }
    }
    return users;
  }
}
