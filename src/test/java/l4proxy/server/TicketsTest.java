package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** One-time tickets by the clock. */
final class TicketsTest {
  private final AtomicLong now = new AtomicLong();
  private final Tickets tickets = new Tickets(now::get);
  private final ClientSession session = mock(ClientSession.class);
  private final TunnelPool pool = mock(TunnelPool.class);

  private String issueAt(long millis) {
    at(millis);
    return tickets.issue(session, new TunnelKind(false, 0), pool);
  }

  private void at(long millis) {
    now.set(Duration.ofMillis(millis).toNanos());
  }

  @Test
  void ticketIsGoodOnceAndForTenSeconds() {
    String one = issueAt(0);
    String late = issueAt(0);
    at(9_900);
    assertSame(pool, Objects.requireNonNull(tickets.redeem(one)).pool());
    assertNull(tickets.redeem(one));
    at(10_100);
    assertNull(tickets.redeem(late));
    verify(pool, times(1)).expired(1);
  }

  /** Every session sweeps each second: with thousands of both that is too much. */
  @Test
  void ticketsAreLookedThroughOnceASecondHoweverManySweep() {
    issueAt(0);
    issueAt(300);
    at(10_100);
    tickets.sweep();
    verify(pool, times(1)).expired(1);
    at(10_400);
    tickets.sweep();
    verify(pool, times(1)).expired(1);
    at(11_100);
    tickets.sweep();
    verify(pool, times(2)).expired(1);
  }
}
