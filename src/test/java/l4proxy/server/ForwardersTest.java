package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import l4proxy.RecordedEvents;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.http.ProxyAccess;
import l4proxy.net.HostPort;
import l4proxy.net.Lookups;
import l4proxy.net.PortRanges;
import l4proxy.net.Resolver;
import l4proxy.net.Traffic;
import l4proxy.net.Watch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a server opens no forward proxy, and what it says then. */
@Timeout(60)
final class ForwardersTest {
  private static final ProxyAccess ACCESS =
      ProxyAccess.of(Optional.of("me:secret"), Optional.empty());

  private final ReentrantLock lock = new ReentrantLock();
  private final Services services = mock(Services.class);
  private final Watch watch = new Watch();
  private final RecordedEvents events = new RecordedEvents();
  private Forwarders forwarders;

  @BeforeEach
  void start() {
    when(services.lock()).thenReturn(lock);
    of("127.0.0.1");
  }

  @AfterEach
  void stop() {
    forwarders.close();
    watch.close();
  }

  private void of(String host) {
    of(host, Lookups::new);
  }

  private void of(String host, Supplier<Resolver> lookups) {
    PortRanges ports = PortRanges.parse("10000-32000");
    ServerConfig config =
        new ServerConfig(
            new HostPort("127.0.0.1", 0),
            Optional.of(host),
            Optional.empty(),
            ports,
            false,
            false,
            false,
            Limits.NONE,
            Duration.ZERO);
    Ports binder = new Ports("127.0.0.1", ports, new SecureRandom(), Optional.empty());
    forwarders = new Forwarders(config, services, binder, watch, events, lookups);
  }

  private void assertRefused(String why) {
    PortTakenException no =
        assertThrows(PortTakenException.class, () -> forwarders.open("one", 0, ACCESS));
    assertTrue(no.getMessage().contains(why), no.getMessage());
  }

  @Test
  void noneIsOpenedWhileTheServersOwnAddressIsUnknown() {
    of("no.such.invalid");
    assertRefused("--host, no.such.invalid, cannot be looked up");
    assertEquals(List.of(), forwarders.list());
  }

  @Test
  void thoseOfAServerThatIsTakenOverHaveNoReachThenEither() {
    of("no.such.invalid");
    assertThrows(IOException.class, forwarders::reach);
  }

  @Test
  void lookUpHoldsNobodyUp() throws Exception {
    of("no.such.invalid");
    FutureTask<ForwarderView> opening = new FutureTask<>(() -> forwarders.open("one", 0, ACCESS));
    lock.lock();
    try {
      Thread.ofVirtual().start(opening);
      assertThrows(ExecutionException.class, () -> opening.get(20, TimeUnit.SECONDS));
    } finally {
      lock.unlock();
    }
  }

  @Test
  void serverThatTakesNoNewServicesSaysSo() {
    when(services.stopped()).thenReturn(true);
    assertRefused("draining");
  }

  @Test
  void serverThatStopsSaysSo() {
    forwarders.stop();
    assertRefused("draining");
  }

  @Test
  void usersAreLoggedWithWhatEndedThem() throws Exception {
    when(services.admission()).thenReturn(new Admission(Limits.NONE, events, System::nanoTime));
    when(services.traffic()).thenReturn(new Traffic());
    ForwarderView stopped = forwarders.open("one", 0, ACCESS);
    ForwarderView closed = forwarders.open("two", 0, ACCESS);
    try (Socket first = user(stopped);
        Socket second = user(closed)) {
      Awaitility.await().until(() -> forwarders.users() == 2);
      forwarders.close(closed.name());
      assertEquals(List.of(EndedBy.CLOSED), ended());
      forwarders.close();
      assertEquals(List.of(EndedBy.CLOSED, EndedBy.SHUTDOWN), ended());
    }
  }

  /** As it is when many names hang. */
  private static Resolver filledByOneThatHangs() {
    AtomicBoolean full = new AtomicBoolean();
    return host -> {
      full.compareAndSet(false, host.equals("hangs.test"));
      if (full.get()) {
        throw new IOException("too many names are being looked up");
      }
      return List.of(InetAddress.ofLiteral("127.0.0.1"));
    };
  }

  @Test
  void namesThatHangForUsersOfOneHoldUpNobodyElse() throws Exception {
    of("127.0.0.1", ForwardersTest::filledByOneThatHangs);
    when(services.admission()).thenReturn(new Admission(Limits.NONE, events, System::nanoTime));
    when(services.traffic()).thenReturn(new Traffic());
    ProxyAccess open = ProxyAccess.of(Optional.of(ProxyAccess.NONE), Optional.empty());
    try (Socket busy = user(forwarders.open("one", 0, open));
        Socket other = user(forwarders.open("two", 0, open))) {
      assertEquals("HTTP/1.1 503", answer(busy, "hangs.test"));
      // it was found: only where it leads to is not the internet
      assertEquals("HTTP/1.1 403", answer(other, "found.test"));
    }
  }

  private static String answer(Socket user, String host) throws IOException {
    user.setSoTimeout(20_000);
    String head = "CONNECT " + host + ":80 HTTP/1.1\r\nHost: " + host + ":80\r\n\r\n";
    user.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return new String(user.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
  }

  private static Socket user(ForwarderView proxy) throws IOException {
    HostPort address = HostPort.parse(proxy.publicAddress(), -1);
    return new Socket(address.host(), address.port());
  }

  private List<EndedBy> ended() {
    return events.of(Event.UserEnded.class).stream().map(Event.UserEnded::endedBy).toList();
  }

  @Test
  void hundredAreEnough() throws Exception {
    for (int i = 0; i < 100; i++) {
      forwarders.open("one", 0, ACCESS);
    }
    assertRefused("There are 100 forward proxies already");
  }
}
