package l4proxy.events;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/**
 * Counts what happens, for the metrics. What it holds does not grow: no user, address or service
 * has a counter of its own. Any thread may count and read.
 */
public final class Counters implements Events {
  /** Upper bounds of the buckets that times to dial are counted in, in seconds. */
  public static final List<Double> DIAL_BOUNDS =
      List.of(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0);

  private final Map<EndedBy, LongAdder> ended = new EnumMap<>(EndedBy.class);
  private final List<LongAdder> dials = DIAL_BOUNDS.stream().map(bound -> new LongAdder()).toList();
  private final LongAdder slowDials = new LongAdder();
  private final LongAdder dialNanos = new LongAdder();
  private final LongAdder served = new LongAdder();
  private final LongAdder retries = new LongAdder();
  private final LongAdder clients = new LongAdder();
  private final LongAdder strangers = new LongAdder();
  private final LongAdder unlogged = new LongAdder();

  /** Starts at zero. */
  public Counters() {
    for (EndedBy each : EndedBy.values()) {
      ended.put(each, new LongAdder());
    }
  }

  @Override
  public void happened(Event event) {
    switch (event) {
      case Event.UserServed now -> count(now);
      case Event.UserEnded over -> count(over);
      case Event.ClientConnected _ -> clients.increment();
      case Event.StrangerDropped _ -> strangers.increment();
      default -> {}
    }
  }

  private void count(Event.UserServed now) {
    served.increment();
    now.dial().ifPresent(this::dialled);
  }

  private void count(Event.UserEnded over) {
    adder(over.endedBy()).increment();
    retries.add(over.retries());
  }

  private void dialled(Duration time) {
    dialNanos.add(time.toNanos());
    double seconds = time.toNanos() / 1e9;
    for (int i = 0; i < dials.size(); i++) {
      if (seconds <= DIAL_BOUNDS.get(i)) {
        dials.get(i).increment();
        return;
      }
    }
    slowDials.increment();
  }

  /** Lines of the access log are lost. */
  void lost(int lines) {
    unlogged.add(lines);
  }

  private LongAdder adder(EndedBy reason) {
    LongAdder adder = ended.get(reason);
    if (adder == null) {
      throw new IllegalStateException("every reason has its counter");
    }
    return adder;
  }

  /**
   * Users whose connections are over.
   *
   * @param reason why
   * @return how many so far
   */
  public long ended(EndedBy reason) {
    return adder(reason).sum();
  }

  /**
   * How many users waited at most that long for their backend to be connected.
   *
   * @return for each of {@link #DIAL_BOUNDS} those within it and above the one before; then the
   *     rest
   */
  public List<Long> dials() {
    return Stream.concat(dials.stream(), Stream.of(slowDials)).map(LongAdder::sum).toList();
  }

  /**
   * How long all users together waited for their backends.
   *
   * @return seconds
   */
  public double dialSeconds() {
    return dialNanos.sum() / 1e9;
  }

  /**
   * Users that a backend was connected for.
   *
   * @return how many so far
   */
  public long served() {
    return served.sum();
  }

  /**
   * Members that were tried in vain.
   *
   * @return how many so far
   */
  public long retries() {
    return retries.sum();
  }

  /**
   * Control connections that proved their keys.
   *
   * @return how many so far
   */
  public long clients() {
    return clients.sum();
  }

  /**
   * Those sent away before they had proven anything.
   *
   * @return how many so far
   */
  public long strangers() {
    return strangers.sum();
  }

  /**
   * Lines of the access log that were lost because it did not keep up.
   *
   * @return how many so far
   */
  public long linesLost() {
    return unlogged.sum();
  }
}
