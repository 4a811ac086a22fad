package l4proxy.server;

import static l4proxy.server.TunnelPoolTest.waiting;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.net.Watch;
import l4proxy.wire.Tunnel;
import l4proxy.wire.TunnelState.Side;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A pool to which no more tunnels come, and whose last two are in use. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class LastTunnelsTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  private final TunnelPool pool = new TunnelPool(count -> {}, System::nanoTime);
  private Watch watch;
  private Loopback one;
  private Loopback other;
  private Tunnel first;
  private Tunnel second;

  @BeforeEach
  void use() throws Exception {
    watch = new Watch();
    one = Loopback.pair();
    other = Loopback.pair();
    first = new Tunnel(one.connection(), Side.SERVER, watch);
    second = new Tunnel(other.connection(), Side.SERVER, watch);
    pool.keep(); // which promises two
    pool.add(first);
    pool.add(second);
    assertSame(second, pool.take(SOON, true));
    assertSame(first, pool.take(SOON, true));
    pool.expired(2); // which were asked for then
    pool.last(true);
  }

  @AfterEach
  void close() throws Exception {
    first.close();
    second.close();
    one.close();
    other.close();
    watch.close();
  }

  @Test
  void userWhoWaitsWhileTheClientLeavesGetsOneThatComesBack() throws Exception {
    FutureTask<@Nullable Tunnel> alone = waiting(pool, SOON, true);
    FutureTask<@Nullable Tunnel> mayGo = waiting(pool, SOON, false);
    pool.leave();
    assertNull(mayGo.get());
    assertFalse(alone.isDone());
    pool.back(second);
    assertSame(second, alone.get());
    pool.back(first);
    assertEquals(0, pool.idle());
  }

  @Test
  void userWhoWaitsWhileTheClientLeavesGoesWithTheLastThatMightComeBack() throws Exception {
    FutureTask<@Nullable Tunnel> alone = waiting(pool, SOON, true);
    pool.leave();
    pool.drop();
    assertFalse(alone.isDone());
    pool.drop();
    assertNull(alone.get(5, TimeUnit.SECONDS));
  }

  /** Nobody knows how long its users stay: a member that has tunnels is a better chance. */
  @Test
  void userWhoMayGoElsewhereDoesNotWaitForLong() throws Exception {
    long began = System.nanoTime();
    assertNull(pool.take(Duration.ofMillis(100), false));
    assertTrue(System.nanoTime() - began < SOON.toNanos());
  }

  @Test
  void userWhoMayNotWaitsForOneThatComesBackLate() throws Exception {
    FutureTask<@Nullable Tunnel> alone = waiting(pool, Duration.ofMillis(500), true);
    TimeUnit.SECONDS.sleep(1);
    assertFalse(alone.isDone());
    pool.back(first);
    assertSame(first, alone.get());
  }
}
