package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import l4proxy.http.ProxyAccess;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.net.Watch;
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
    forwarders = new Forwarders(config, services, binder, watch, event -> {});
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
  void thoseOfAServerThatIsTakenOverHaveNoDialerThenEither() {
    of("no.such.invalid");
    assertThrows(IOException.class, forwarders::dialer);
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
  void hundredAreEnough() throws Exception {
    for (int i = 0; i < 100; i++) {
      forwarders.open("one", 0, ACCESS);
    }
    assertRefused("There are 100 forward proxies already");
  }
}
