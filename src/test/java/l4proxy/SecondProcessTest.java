package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.wire.Message;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client whose services another one of the same machine has: it waits for that one to leave. */
@Timeout(60)
final class SecondProcessTest {
  @TempDir Path directory;

  private final RecordedEvents events = new RecordedEvents();
  private FakeServer server;

  @BeforeEach
  void start() throws IOException {
    server = new FakeServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static ServiceConfig service(String name, int backend) {
    return ServiceConfig.of(name, new HostPort("127.0.0.1", backend), 0);
  }

  private ProxyClient client(List<ServiceConfig> services, CountDownLatch reachable)
      throws IOException {
    return new ProxyClient(
        new ClientConfig(server.address(), services, directory),
        new Trust(Optional.empty(), Optional.empty(), pin -> {}),
        (which, where) -> reachable.countDown(),
        events,
        "test");
  }

  /** A client that serves. */
  private ProxyClient serving(ServiceConfig... services) throws Exception {
    CountDownLatch reachable = new CountDownLatch(services.length);
    ProxyClient client = client(List.of(services), reachable);
    ProxyPair.start(client);
    assertTrue(reachable.await(10, TimeUnit.SECONDS), "not reachable in time");
    return client;
  }

  @Test
  void firstIsWaitedForOnceForAllServices() throws Exception {
    ServiceConfig[] services =
        IntStream.range(0, 4).mapToObj(i -> service("s" + i, 9)).toArray(ServiceConfig[]::new);
    try (ProxyClient _ = serving(services);
        ProxyClient second = client(List.of(services), new CountDownLatch(0))) {
      long began = System.nanoTime();
      ProxyPair.start(second);
      for (int i = 0; i < 2 * services.length; i++) {
        server.nextExposure();
      }
      Duration waited = Duration.ofNanos(System.nanoTime() - began);
      assertTrue(waited.toSeconds() < 10, "it waited for " + waited);
    }
  }

  /** Users that come when the first has left wait for what is to be done then, and nothing else. */
  @Test
  void secondIsConnectedWhileItWaitsForTheFirst() throws Exception {
    try (ProxyClient first = serving(service("s", 9));
        Connection _ = server.nextClient();
        ProxyClient second = client(List.of(service("s", 9)), new CountDownLatch(0))) {
      Message.Expose before = server.nextExposure();
      ProxyPair.start(second);
      try (Connection _ = server.nextClient()) {
        first.close();
        assertEquals(before.instance(), server.nextExposure().instance());
      }
    }
  }

  @Test
  void whatIsWantedWhileTheFirstIsWaitedForIsExposedAfterIt() throws Exception {
    try (ProxyClient first = serving(service("s", 9));
        Connection _ = server.nextClient();
        ProxyClient second = client(List.of(service("s", 9)), new CountDownLatch(0))) {
      server.nextExposure();
      ProxyPair.start(second);
      try (Connection _ = server.nextClient()) {
        FutureTask<Void> reading =
            new FutureTask<>(
                () -> second.reconfigure(List.of(service("s", 10)), refused -> {}), null);
        Thread.ofVirtual().start(reading);
        first.close();
        reading.get(20, TimeUnit.SECONDS);
        while (!server.nextExposure().backend().endsWith(":10")) {
          // exposed as it was at first
        }
      }
    }
  }

  /** Refused twice, a change would end a client that was never connected before. */
  @Test
  void whatIsWantedBeforeAnythingIsExposedIsAskedForOnce() throws Exception {
    AtomicReference<ProxyClient> self = new AtomicReference<>();
    Trust trust =
        new Trust(
            Optional.empty(),
            Optional.empty(),
            pin -> self.get().reconfigure(List.of(service("s", 10)), refused -> {}));
    try (ProxyClient client =
        new ProxyClient(
            new ClientConfig(server.address(), List.of(service("s", 9)), directory),
            trust,
            (which, where) -> {},
            events,
            "test")) {
      self.set(client);
      ProxyPair.start(client);
      assertEquals(":10", lastOf(server.nextExposure()));
      client.reconfigure(List.of(service("s", 11)), refused -> {});
      assertEquals(":11", lastOf(server.nextExposure()));
    }
  }

  private static String lastOf(Message.Expose asked) {
    return asked.backend().substring(asked.backend().lastIndexOf(':'));
  }

  @Test
  void usersAreServedWhileTheFirstIsWaitedFor() throws Exception {
    try (ProxyClient _ = serving(service("late", 9));
        Connection _ = server.nextClient();
        ProxyClient second = serving(service("early", 9))) {
      Connection control = server.nextClient();
      List<ServiceConfig> wanted = List.of(service("early", 10), service("late", 9));
      FutureTask<Void> reading =
          new FutureTask<>(() -> second.reconfigure(wanted, refused -> {}), null);
      Thread.ofVirtual().start(reading);
      Awaitility.await()
          .until(() -> events.all().toString().contains("early is exposed as it is written now"));
      server.tell(control, new Message.Exposed(0, "name", "127.0.0.1", 9, 9));
      server.ask(control, 1, false, 0);
      server.nextTunnel();
      assertFalse(reading.isDone(), "the tunnel came only when the waiting was over");
      reading.get(20, TimeUnit.SECONDS);
    }
  }
}
