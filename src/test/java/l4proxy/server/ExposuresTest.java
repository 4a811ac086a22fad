package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.doReturn;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.spy;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import l4proxy.LeakCheck;
import l4proxy.RecordedEvents;
import l4proxy.auth.Key;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.wire.Balance;
import l4proxy.wire.Message;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who gets which public port, and what becomes of those who had it. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class ExposuresTest {
  private static final PortRanges ALLOWED = PortRanges.parse("20000-20999");

  private final ServerConfig config =
      new ServerConfig(
          new HostPort("127.0.0.1", 0),
          Optional.of("127.0.0.1"),
          Optional.empty(),
          ALLOWED,
          false,
          false,
          false,
          Limits.NONE,
          Duration.ZERO);
  private final Ports ports = spy(new Ports("127.0.0.1", ALLOWED, new Random(7), Optional.empty()));
  private final InternalPorts internals =
      new InternalPorts(ports, mock(Newcomers.class), mock(Arrivals.class));
  private final Leases leases = mock(Leases.class);
  private final Services services =
      new Services(config, internals, leases, mock(Rates.class), new RecordedEvents());
  private final Exposures exposures =
      new Exposures(config, services, ports, internals, leases, key -> true);
  private int instances;

  @AfterEach
  void close() {
    services.close();
  }

  /** A client with a key of that name that may expose so many services, 0 for any number. */
  private static ClientSession client(String key, int maxServices) {
    return client(key, maxServices, ALLOWED);
  }

  private static ClientSession client(String key, int maxServices, PortRanges ports) {
    ClientSession client = mock(ClientSession.class);
    when(client.key())
        .thenReturn(
            new Key(key, "0".repeat(64), false, Optional.of(ports), maxServices, 0, Instant.EPOCH));
    when(client.process()).thenReturn("process of " + key);
    return client;
  }

  private String instance() {
    return "%022d".formatted(instances++);
  }

  private static Message.Expose asked(String instance, int port) {
    return new Message.Expose(0, "name", "b", instance, port, 0, false, null, 0, null);
  }

  private static Message.Expose shared(String instance, int port) {
    Message.Sharing sharing = new Message.Sharing(Balance.LEAST_CONN, 1, 0);
    return new Message.Expose(0, "name", "b", instance, port, 0, false, null, 0, sharing);
  }

  private static Message.Expose throughAPortOfItsOwn(String instance) {
    return new Message.Expose(0, "name", "b", instance, 0, 0, false, 0, 0, null);
  }

  /** The port that a client is granted. */
  private int granted(ClientSession client, Message.Expose asked) throws InterruptedException {
    return assertInstanceOf(Message.Exposed.class, exposures.expose(client, asked)).port();
  }

  /** Another than that, of those allowed. */
  private static int otherThan(int port) {
    return 40_999 - port;
  }

  /** The other process would not know of it, and find it taken. */
  @Test
  void noInternalPortIsOpenedWhileAnotherProcessTakesTheServerOver() throws Exception {
    ClientSession client = client("a", 0);
    String instance = instance();
    int own = granted(client, asked(instance, 0));
    services.offered(true);
    Message.Refused no =
        assertInstanceOf(
            Message.Refused.class, exposures.expose(client, throughAPortOfItsOwn(instance)));
    assertFalse(no.lasting(), no.text());
    assertEquals(0, internals.all().size());
    assertEquals(own, granted(client, asked(instance, 0)));
    services.offered(false);
    assertEquals(own, granted(client, throughAPortOfItsOwn(instance)));
    services.offered(true);
    assertEquals(own, granted(client, throughAPortOfItsOwn(instance)), "it has that port");
  }

  @Test
  void portThatNoThreadCanAcceptForIsNobodysAndTheClientKeepsItsOwn() throws Exception {
    ClientSession client = client("a", 0);
    String instance = instance();
    int own = granted(client, asked(instance, 0));
    int other = otherThan(own);
    ServerSocket listener = mock(ServerSocket.class);
    when(listener.getLocalPort())
        .thenReturn(other)
        .thenThrow(new OutOfMemoryError("unable to create native thread"));
    doReturn(listener).when(ports).bind(other);
    assertThrows(OutOfMemoryError.class, () -> exposures.expose(client, asked(instance, other)));
    assertNull(services.at(other), "a port where nobody listens");
    verify(listener).close();
    assertNotNull(services.at(own), "the port that its client had is closed");
    assertEquals(1, services.all().size());
  }

  /** As one whose machine lost power: nobody has noticed yet. */
  @Test
  void silentHolderMakesWayForAnotherClientOfAKeyThatHasAllItMayHave() throws Exception {
    int port = granted(client("a", 1), asked(instance(), 0));
    assertEquals(port, granted(client("a", 1), asked(instance(), port)));
    assertEquals(1, services.all().size());
  }

  @Test
  void whoIsReplacedOnItsPortNeedsNoRoomOfOthers() throws Exception {
    ClientSession away = client("a", 2);
    int other = granted(away, asked(instance(), 0));
    services.lost(away);
    int port = granted(client("a", 2), asked(instance(), 0));
    assertEquals(port, granted(client("a", 2), asked(instance(), port)));
    assertNotNull(services.at(other), "the port of a client that is away is closed");
  }

  @Test
  void clientThatIsRefusedEndsNobodysService() throws Exception {
    ClientSession away = client("a", 1);
    int port = granted(away, asked(instance(), 0));
    int taken = granted(client("b", 0), asked(instance(), otherThan(port)));
    services.lost(away);
    assertInstanceOf(
        Message.Refused.class, exposures.expose(client("a", 1), asked(instance(), taken)));
    assertNotNull(services.at(port), "the port of a client that is away is closed");
  }

  @Test
  void onlyPortOfAKeyIsDrawnAgainWhenItsClientIsAway() throws Exception {
    ClientSession away = client("a", 1);
    int port = granted(away, asked(instance(), 0));
    services.lost(away);
    PortRanges only = PortRanges.parse(String.valueOf(port));
    assertEquals(port, granted(client("a", 1, only), asked(instance(), 0)));
    assertEquals(1, services.all().size());
  }

  @Test
  void internalPortOfWhoeverIsMadeRoomForStaysOpen() throws Exception {
    ClientSession away = client("a", 1);
    granted(away, asked(instance(), 0));
    services.lost(away);
    granted(
        client("a", 1), new Message.Expose(0, "name", "b", instance(), 0, 0, false, 0, 0, null));
    assertEquals(1, internals.all().size());
  }

  @Test
  void portIsSharedByNoMoreThan256() throws Exception {
    ClientSession client = client("a", 0);
    String first = instance();
    int port = granted(client, asked(first, 0));
    Message.Expose again = shared(first, port);
    granted(client, again);
    for (int i = 1; i < 256; i++) {
      granted(client, shared(instance(), port));
    }
    Message.Refused refused =
        assertInstanceOf(Message.Refused.class, exposures.expose(client, shared(instance(), port)));
    assertTrue(refused.lasting() && refused.text().contains("by 256 clients"), refused.text());
    granted(client, again); // who is a member stays one
  }

  @Test
  void memberThatIsAwayMakesRoomOnAFullPort() throws Exception {
    ClientSession client = client("a", 0);
    ClientSession away = client("a", 0);
    String first = instance();
    int port = granted(away, asked(first, 0));
    granted(away, shared(first, port));
    for (int i = 1; i < 256; i++) {
      granted(client, shared(instance(), port));
    }
    services.lost(away);
    granted(client, shared(instance(), port));
    assertEquals(256, services.at(port).members().size());
    assertTrue(services.at(port).members().stream().noneMatch(m -> m.instance().equals(first)));
  }

  @Test
  void clientWhoseEndNobodyCouldSayIsNoticed() throws Exception {
    ClientSession client = client("a", 0);
    Service service = services.at(granted(client, asked(instance(), 0))).members().getFirst();
    services.tick();
    when(client.over()).thenReturn(true);
    Awaitility.await()
        .until(() -> {
          services.tick();
          return service.session() == null;
        });
  }

  @Test
  void serviceEndedBeforeItsClientIsBackAfterARestartStaysEnded() throws Exception {
    String instance = instance();
    int port = freePort();
    when(leases.all())
        .thenReturn(
            List.of(new Lease(port, "a", instance, true, "name", "b", "here", null, true, 0)));
    new RestoredServices(services, ports, leases, new RecordedEvents()).restore(key -> true);
    exposures.end(services.all().getFirst(), "it was closed by command");
    ClientSession back = client("a", 0);
    for (int i = 0; i < 2; i++) {
      assertInstanceOf(Message.Ended.class, exposures.expose(back, asked(instance, 0)));
    }
    ClientSession startedAgain = client("a", 0);
    when(startedAgain.process()).thenReturn("another process");
    granted(startedAgain, asked(instance, 0));
  }

  @Test
  void serviceOnItsWayWhenItsKeyIsRevokedIsEnded() throws Exception {
    ClientSession client = client("a", 0);
    services.lock().lock();
    Thread revoking;
    try {
      Key key = client.key();
      revoking = Thread.ofVirtual().start(() -> services.revoked(key));
      Awaitility.await().until(() -> !revoking.isAlive() || services.lock().hasQueuedThreads());
      granted(client, asked(instance(), 0));
    } finally {
      services.lock().unlock();
    }
    revoking.join();
    assertEquals(List.of(), services.all());
  }

  private int freePort() throws IOException {
    try (ServerSocket free = ports.draw(port -> true).orElseThrow()) {
      return free.getLocalPort();
    }
  }
}
