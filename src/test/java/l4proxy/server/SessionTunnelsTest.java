package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.atLeastOnce;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import l4proxy.Loopback;
import l4proxy.net.Watch;
import l4proxy.wire.Message;
import l4proxy.wire.Tunnel;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mockito.ArgumentCaptor;

/** The tunnels of one session while memory is short, or no more arrive. */
@Timeout(60)
final class SessionTunnelsTest {
  private static final TunnelKind KIND = new TunnelKind(false, 0);
  private static final String TICKET = "A".repeat(22);
  private static final Duration SHORT = Duration.ofMillis(100);

  private final ClientSession session = mock();
  private final Tickets tickets = mock();

  @BeforeEach
  void issueTickets() {
    when(tickets.issue(any(), any(), any())).thenReturn(TICKET);
  }

  /** Those of a session with one service, for which two are asked for. */
  private SessionTunnels begun(Watch watch) {
    Services services = mock();
    when(services.all()).thenReturn(List.of());
    SessionTunnels tunnels =
        new SessionTunnels(session, new Shared(services, mock(), tickets, mock(), watch));
    tunnels.begin(0, KIND);
    return tunnels;
  }

  /** Where they are waited for. */
  private TunnelPool pool() {
    ArgumentCaptor<TunnelPool> pool = ArgumentCaptor.captor();
    verify(tickets, atLeastOnce()).issue(any(), any(), pool.capture());
    return pool.getValue();
  }

  @Test
  void tunnelsThatCouldNotBeAskedForAreAskedForLater() {
    when(tickets.issue(any(), any(), any()))
        .thenThrow(new OutOfMemoryError("for the test"))
        .thenReturn(TICKET);
    try (Watch watch = new Watch()) {
      SessionTunnels tunnels = begun(watch);
      tunnels.keep();

      ArgumentCaptor<Message> said = ArgumentCaptor.captor();
      verify(session, atLeastOnce()).send(said.capture());
      assertEquals(2, asked(said.getAllValues().stream()));
    }
  }

  @Test
  void userWhoWaitsWhereNoTunnelsArriveAnyMoreGetsOneThatComesBackLate() throws Exception {
    try (Watch watch = new Watch();
        Loopback one = Loopback.pair()) {
      SessionTunnels tunnels = begun(watch);
      TunnelPool pool = pool();
      tunnels.arrived(one.connection(), pool);
      Tunnel taken = tunnels.take(KIND, SHORT, true);
      assertNotNull(taken);
      assertNull(tunnels.take(KIND, SHORT, true));

      tunnels.takenOver(true);
      FutureTask<@Nullable Tunnel> user = new FutureTask<>(() -> tunnels.take(KIND, SHORT, true));
      Thread.ofVirtual().start(user);
      assertThrows(
          TimeoutException.class, () -> user.get(3 * SHORT.toMillis(), TimeUnit.MILLISECONDS));
      when(session.draining()).thenReturn(true);
      tunnels.drain();
      tunnels.back(taken);
      assertSame(taken, user.get());
      tunnels.back(taken);
      assertEquals(0, tunnels.idle());
    }
  }

  @Test
  void stockOfATakeoverThatFailedIsNotKept() throws Exception {
    try (Watch watch = new Watch();
        Loopback one = Loopback.pair();
        Loopback other = Loopback.pair()) {
      SessionTunnels tunnels = begun(watch);
      TunnelPool pool = pool();
      tunnels.arrived(one.connection(), pool);
      tunnels.arrived(other.connection(), pool);
      assertTrue(tunnels.areFilled(KIND));
      pool.fill();
      assertFalse(tunnels.areFilled(KIND));
      tunnels.takenOver(true);
      tunnels.takenOver(false);
      assertTrue(tunnels.areFilled(KIND));
    }
  }

  private static int asked(Stream<Message> said) {
    return said.mapToInt(each -> ((Message.Tunnels) each).tickets().size()).sum();
  }
}
