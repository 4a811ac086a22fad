package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import l4proxy.InMemory;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.net.Watch;
import l4proxy.wire.Tunnel;
import l4proxy.wire.TunnelState.Side;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.mockito.invocation.InvocationOnMock;

/** The idle tunnels of one session: who gets which. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class TunnelPoolTest {
  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Duration QUEUED = Duration.ofSeconds(8);

  @Test
  void tunnelUsedLastIsTakenFirstSoThatTheOthersGrowOld() throws Exception {
    TunnelPool pool = new TunnelPool(count -> {}, System::nanoTime);
    try (Watch watch = new Watch();
        Loopback one = Loopback.pair();
        Loopback other = Loopback.pair();
        Tunnel first = new Tunnel(one.connection(), Side.SERVER, watch);
        Tunnel second = new Tunnel(other.connection(), Side.SERVER, watch)) {
      pool.add(first);
      pool.add(second);
      assertSame(second, pool.take(SOON, true));
      for (int user = 0; user < 5; user++) {
        pool.back(second);
        assertSame(second, pool.take(SOON, true));
      }
      assertSame(first, pool.take(SOON, true));
      pool.back(second);
      pool.back(first);
      assertSame(first, pool.take(SOON, true));
    }
  }

  @Test
  void filledPoolHasAsManyIdleTunnelsAsThereWereTunnelsAndAFewMore() throws Exception {
    List<Integer> asked = new ArrayList<>();
    TunnelPool pool = new TunnelPool(asked::add, System::nanoTime);
    pool.keep();
    assertEquals(List.of(2), asked);
    try (Watch watch = new Watch();
        Loopback one = Loopback.pair();
        Loopback other = Loopback.pair();
        Tunnel first = new Tunnel(one.connection(), Side.SERVER, watch);
        Tunnel second = new Tunnel(other.connection(), Side.SERVER, watch)) {
      pool.add(first);
      pool.add(second);
      assertSame(second, pool.take(SOON, true));
      asked.clear();
      pool.fill();
      assertFalse(pool.isFilled());
      int missing = asked.stream().mapToInt(Integer::intValue).sum();
      assertTrue(missing >= 5, "asked for " + missing + " more");
    }
  }

  @Test
  void crowdIsNotAskedAsManyTunnelsForAtOnceAndGetsThemAllTheSame() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    TunnelPool pool = new TunnelPool(asked::addAndGet, System::nanoTime);
    List<FutureTask<@Nullable Tunnel>> crowd = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      crowd.add(waiting(pool, Duration.ofSeconds(50), true));
    }
    assertEquals(64, asked.get());
    try (Watch watch = new Watch()) {
      for (int open = 0; open < asked.get(); open++) {
        pool.add(new Tunnel(new InMemory(new byte[0], 1), Side.SERVER, watch));
      }
      for (FutureTask<@Nullable Tunnel> each : crowd) {
        assertNotNull(each.get());
      }
      assertEquals(100 + 25, asked.get(), "one for each, and a quarter beside");
    }
  }

  /** Those that were asked for may have failed at the client, which says nothing of it. */
  @Test
  void moreAreAskedForWhenNoneOfThoseThatWereHasComeForAWhile() throws Exception {
    AtomicLong now = new AtomicLong();
    AtomicInteger asked = new AtomicInteger();
    TunnelPool pool = new TunnelPool(asked::addAndGet, now::get);
    for (int i = 0; i < 64; i++) {
      waiting(pool, SOON, true);
    }
    assertEquals(64, asked.get());
    now.addAndGet(Duration.ofSeconds(2).toNanos());
    pool.keep();
    assertEquals(64, asked.get());
    now.addAndGet(Duration.ofSeconds(2).toNanos());
    pool.keep();
    assertEquals(66, asked.get());
    pool.close();
  }

  /** Time enough for those before it, whoever is slow on a busy machine. */
  @Test
  void userWhoHasNoOtherMemberWaitsForLongerAsLongAsTheQueueMoves() throws Exception {
    TunnelPool pool = new TunnelPool(count -> {}, System::nanoTime);
    try (Watch watch = new Watch();
        Loopback one = Loopback.pair();
        Tunnel only = new Tunnel(one.connection(), Side.SERVER, watch)) {
      pool.keep();
      pool.add(only);
      assertSame(only, pool.take(SOON, true));
      FutureTask<@Nullable Tunnel> first = waiting(pool, QUEUED, true);
      FutureTask<@Nullable Tunnel> mayGo = waiting(pool, QUEUED, false);
      FutureTask<@Nullable Tunnel> last = waiting(pool, QUEUED, true);
      TimeUnit.MILLISECONDS.sleep(QUEUED.toMillis() / 2);
      pool.back(only);
      assertSame(only, first.get());
      assertNull(mayGo.get());
      pool.back(only);
      assertSame(only, last.get());
      assertNull(pool.take(Duration.ofMillis(100), true), "the queue does not move");
    }
  }

  /** A user who waits, by now. */
  static FutureTask<@Nullable Tunnel> waiting(TunnelPool pool, Duration time, boolean alone) {
    FutureTask<@Nullable Tunnel> user = new FutureTask<>(() -> pool.take(time, alone));
    Thread waiting = Thread.ofVirtual().start(user);
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(() -> waiting.getState() == Thread.State.TIMED_WAITING);
    return user;
  }

  @Test
  void tunnelsOfABurstAreKeptForTheNextOneAMinuteLaterAndNotFor75Seconds() throws Exception {
    assertEquals(200, leftAfter(200, Duration.ofSeconds(70)));
    assertEquals(2, leftAfter(200, Duration.ofSeconds(74)));
  }

  /** So that what a crowd has left does not keep those who are busy; each has its turn. */
  @Test
  void tunnelsThatACrowdHasLeftAreCheckedAFewAtATime() {
    AtomicLong now = new AtomicLong();
    List<Tunnel> checked = Collections.synchronizedList(new ArrayList<>());
    TunnelPool pool = new TunnelPool(count -> {}, now::get);
    for (int i = 0; i < 1000; i++) {
      pool.add(mock(Tunnel.class, tunnel -> checked(tunnel, checked)));
    }
    now.addAndGet(Duration.ofSeconds(5).toNanos());
    for (int second = 1; second <= 10; second++) {
      pool.keep();
      awaitIdle(pool, 1000);
      assertEquals(100 * second, checked.size());
      now.addAndGet(Duration.ofSeconds(1).toNanos());
    }
    assertEquals(1000, Set.copyOf(checked).size());
  }

  /** The client gives up what was not asked for 20 s. */
  @Test
  void tunnelsThatALargeCrowdHasLeftAreAllCheckedInTime() {
    AtomicLong now = new AtomicLong();
    Map<Tunnel, Long> checked = new ConcurrentHashMap<>();
    TunnelPool pool = new TunnelPool(count -> {}, now::get);
    for (int i = 0; i < 4000; i++) {
      Tunnel tunnel =
          mock(
              Tunnel.class,
              call -> {
                if (call.getMethod().getName().equals("check")) {
                  checked.put((Tunnel) call.getMock(), now.get());
                }
                return null;
              });
      checked.put(tunnel, 0L);
      pool.add(tunnel);
    }
    for (int second = 1; second <= 60; second++) {
      now.addAndGet(Duration.ofSeconds(1).toNanos());
      pool.keep();
      awaitIdle(pool, 4000);
      long longest = now.get() - Collections.min(checked.values());
      assertTrue(longest < Duration.ofSeconds(16).toNanos(), longest + " ns without a word");
    }
  }

  /** They would be asked for again at once. */
  @Test
  void oldTunnelsThatThePoolWantsAreNotRetired() throws Exception {
    AtomicLong now = new AtomicLong();
    List<Integer> asked = new ArrayList<>();
    AtomicInteger closed = new AtomicInteger();
    TunnelPool pool = new TunnelPool(asked::add, now::get);
    for (int i = 0; i < 125; i++) {
      pool.add(
          mock(
              Tunnel.class,
              call -> {
                closed.addAndGet(call.getMethod().getName().equals("close") ? 1 : 0);
                return null;
              }));
    }
    for (int i = 0; i < 100; i++) {
      pool.take(SOON, true);
    }
    asked.clear();
    for (int second = 1; second <= 150; second++) {
      now.addAndGet(Duration.ofSeconds(1).toNanos());
      pool.keep();
      awaitIdle(pool, 25);
    }
    assertEquals(0, closed.get());
    assertEquals(List.of(), asked);
  }

  /** A check is no use: else the tunnels beyond the demand would take turns, and none grow old. */
  @Test
  void userWhoComesEveryFewSecondsKeepsOneTunnelYoung() throws Exception {
    AtomicLong now = new AtomicLong();
    List<Tunnel> open = Collections.synchronizedList(new ArrayList<>());
    TunnelPool pool = new TunnelPool(count -> {}, now::get);
    for (int i = 0; i < 20; i++) {
      Tunnel tunnel = mock(Tunnel.class);
      doAnswer(closed -> open.remove(tunnel)).when(tunnel).close();
      open.add(tunnel);
      pool.add(tunnel);
    }
    Tunnel his = pool.take(SOON, true);
    pool.back(his);
    for (int second = 1; second <= 80; second++) {
      now.addAndGet(Duration.ofSeconds(1).toNanos());
      pool.keep();
      awaitIdle(pool, open.size());
      if (second % 6 == 0) {
        assertSame(his, pool.take(SOON, true), "after " + second + " s");
        pool.back(his);
      }
    }
    assertEquals(2, open.size());
  }

  /** Waits until what is being checked is back. */
  private static void awaitIdle(TunnelPool pool, int tunnels) {
    Awaitility.await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(() -> pool.idle() == tunnels);
  }

  private static @Nullable Object checked(InvocationOnMock call, List<Tunnel> checked) {
    if (call.getMethod().getName().equals("check")) {
      checked.add((Tunnel) call.getMock());
    }
    return null;
  }

  /** How many of so many tunnels are still open some time after users were done with them. */
  private static int leftAfter(int tunnels, Duration time) throws Exception {
    AtomicLong now = new AtomicLong();
    AtomicInteger left = new AtomicInteger(tunnels);
    TunnelPool pool = new TunnelPool(count -> {}, now::get);
    for (int i = 0; i < tunnels; i++) {
      Tunnel tunnel = mock(Tunnel.class);
      doAnswer(closed -> left.decrementAndGet()).when(tunnel).close();
      pool.add(tunnel);
    }
    List<Tunnel> burst = new ArrayList<>();
    for (int i = 0; i < tunnels; i++) {
      burst.add(pool.take(SOON, true));
    }
    burst.forEach(pool::back);
    now.addAndGet(time.toNanos());
    pool.keep();
    return left.get();
  }
}
