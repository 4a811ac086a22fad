package l4proxy.net;

import java.util.concurrent.atomic.LongAdder;

/**
 * Bytes carried, and how fast: {@code in} from user to backend, {@code out} from backend to user.
 *
 * <p>Any thread may count and read; one thread, the watch, calls {@link #tick()}.
 */
public final class Traffic {
  /** Ticks that a speed is taken over: 5 s. */
  private static final int WINDOW = (int) (5000 / Watch.TICK.toMillis());

  private final LongAdder in = new LongAdder();
  private final LongAdder out = new LongAdder();
  private final long[] pastIn = new long[WINDOW];
  private final long[] pastOut = new long[WINDOW];
  private int oldest;
  private volatile long speedIn;
  private volatile long speedOut;

  /** Starts at zero. */
  public Traffic() {}

  /** Moves the window of the speeds on; called once each {@link Watch#TICK}. */
  public void tick() {
    long nowIn = in.sum();
    long nowOut = out.sum();
    speedIn = (nowIn - pastIn[oldest]) / 5;
    speedOut = (nowOut - pastOut[oldest]) / 5;
    pastIn[oldest] = nowIn;
    pastOut[oldest] = nowOut;
    oldest = (oldest + 1) % WINDOW;
  }

  /**
   * Counts bytes on their way to the backend.
   *
   * @param bytes how many
   */
  public void countIn(long bytes) {
    in.add(bytes);
  }

  /**
   * Counts bytes on their way to the user.
   *
   * @param bytes how many
   */
  public void countOut(long bytes) {
    out.add(bytes);
  }

  /**
   * What went to the backend.
   *
   * @return bytes since the start
   */
  public long in() {
    return in.sum();
  }

  /**
   * What went to the user.
   *
   * @return bytes since the start
   */
  public long out() {
    return out.sum();
  }

  /**
   * How fast it goes to the backend.
   *
   * @return bytes a second over the last 5 s
   */
  public long speedIn() {
    return speedIn;
  }

  /**
   * How fast it goes to the user.
   *
   * @return bytes a second over the last 5 s
   */
  public long speedOut() {
    return speedOut;
  }
}
