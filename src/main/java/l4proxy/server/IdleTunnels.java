package l4proxy.server;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import l4proxy.wire.Tunnel;
import org.jspecify.annotations.Nullable;

/**
 * The tunnels of a pool that nobody uses: by their last use, which says who is taken and who is
 * retired, and by their last check, which says whose turn it is. A check is no use. Guarded by the
 * lock of the pool.
 */
final class IdleTunnels {
  /**
   * One of them.
   *
   * @param used when, in nanoseconds of the pool's clock
   * @param checked when found alive, in the same
   * @param number orders those of one moment as they came
   */
  record Idle(Tunnel tunnel, long used, long checked, long number) {
    private static final AtomicLong NUMBERS = new AtomicLong();

    /** A tunnel that was in use until now. */
    Idle(Tunnel tunnel, long now) {
      this(tunnel, now, now, NUMBERS.getAndIncrement());
    }

    /** The same, found alive now. */
    Idle checkedAt(long now) {
      return new Idle(tunnel, used, now, number);
    }
  }

  private final TreeSet<Idle> byUse = ordered(Idle::used);
  private final TreeSet<Idle> byCheck = ordered(Idle::checked);

  private static TreeSet<Idle> ordered(ToLongFunction<Idle> time) {
    return new TreeSet<>(Comparator.comparingLong(time).thenComparingLong(Idle::number));
  }

  int size() {
    return byUse.size();
  }

  void add(Idle entry) {
    byUse.add(entry);
    byCheck.add(entry);
  }

  /** Takes the one used last; null when there is none. */
  @Nullable Tunnel takeLatest() {
    Idle latest = byUse.pollLast();
    if (latest == null) {
      return null;
    }
    byCheck.remove(latest);
    return latest.tunnel();
  }

  /** Takes those not used since, the oldest first, and leaves so many in all. */
  List<Tunnel> takeUnused(long since, int least) {
    List<Tunnel> taken = new ArrayList<>(Math.max(0, size() - least));
    while (size() > least && byUse.first().used() < since) {
      Idle oldest = byUse.removeFirst();
      byCheck.remove(oldest);
      taken.add(oldest.tunnel());
    }
    return taken;
  }

  /** Takes those not checked since, so many at most, the one whose check is longest ago first. */
  List<Idle> takeUnchecked(long since, int most) {
    List<Idle> taken = new ArrayList<>(most);
    while (taken.size() < most && !byCheck.isEmpty() && byCheck.first().checked() < since) {
      Idle next = byCheck.removeFirst();
      byUse.remove(next);
      taken.add(next);
    }
    return taken;
  }

  List<Tunnel> takeAll() {
    return takeUnused(Long.MAX_VALUE, 0);
  }
}
