package l4proxy.net;

import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * How fast bytes may go in one direction, shared by all connections that a limit is for.
 *
 * <p>Whoever has bytes in hand waits for its turn, in the order of asking, and then until what went
 * before is paid for; its own bytes may be more than the bucket holds and are owed by the next. So
 * a piece is never too large, and nobody holds more than the one it waits with. Any thread.
 */
public final class TokenBucket {
  /** So many pieces a second a slow direction is cut into, lest it come in lumps. */
  private static final int PIECES = 20;

  private static final double SECOND = 1e9;

  private final long rate;
  private final LongSupplier clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Share> waiting = new ArrayDeque<>();

  /** Bytes that may go now; below zero while earlier ones are not paid for. */
  private double tokens;

  private long filledAt;

  /**
   * A bucket for a fifth of a second's bytes, empty: late wake-ups are made up for, and a start is
   * no burst.
   *
   * @param bytesPerSecond at least 1
   */
  public TokenBucket(long bytesPerSecond) {
    this(bytesPerSecond, System::nanoTime);
  }

  TokenBucket(long bytesPerSecond, LongSupplier clock) {
    this.rate = bytesPerSecond;
    this.clock = clock;
    this.filledAt = clock.getAsLong();
  }

  private double most() {
    return rate / 5.0;
  }

  /**
   * The most bytes that should go at once: the others' turn comes soon then.
   *
   * @return at least 1
   */
  int piece() {
    return Math.clamp(rate / PIECES, 1, Buffers.CHUNK);
  }

  /** Fills the bucket for the time gone by; how many nanoseconds until debts are paid. */
  long owed() {
    long now = clock.getAsLong();
    tokens = Math.min(most(), tokens + (now - filledAt) * (rate / SECOND));
    filledAt = now;
    return tokens >= 0 ? 0 : (long) Math.ceil(-tokens * SECOND / rate);
  }

  /** One connection's part in the bucket; {@link #end()} lets it go from any thread. */
  final class Share {
    private final Condition turn = lock.newCondition();
    private boolean over;

    /**
     * Waits until bytes may go, or this share ends: the first in line for the time to pass, the
     * others for it.
     */
    void take(int bytes) throws InterruptedIOException {
      lock.lock();
      try {
        waiting.add(this);
        while (!over && !isDue()) {
          if (waiting.peek() == this) {
            turn.awaitNanos(owed());
          } else {
            turn.await();
          }
        }
        tokens -= over ? 0 : bytes;
      } catch (InterruptedException closing) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("the connection is being closed");
      } finally {
        waiting.remove(this);
        next();
        lock.unlock();
      }
    }

    private boolean isDue() {
      return waiting.peek() == this && owed() == 0;
    }

    private void next() {
      Share first = waiting.peek();
      if (first != null) {
        first.turn.signal();
      }
    }

    /** Nothing waits in this share any more, and what it takes from now on is not counted. */
    void end() {
      lock.lock();
      try {
        over = true;
        turn.signal();
      } finally {
        lock.unlock();
      }
    }
  }
}
