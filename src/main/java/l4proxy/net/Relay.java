package l4proxy.net;

import java.io.IOException;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.StructuredTaskScope.Joiner;
import java.util.concurrent.StructuredTaskScope.Subtask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;

/**
 * The two directions of one connection inside one structured task scope.
 *
 * <p>The caller's thread runs one direction, a virtual thread forked here the other. {@link #run}
 * returns when both have ended. A bug in either (a RuntimeException) comes out of it. When one
 * fails, {@code abort} is called, which breaks both sockets and thereby ends the other. When the
 * caller's thread is interrupted, the forked one is too: an interrupt closes the socket a virtual
 * thread is blocked in.
 */
public final class Relay {
  /** One direction, blocking in plain streams until its source ends or breaks. */
  @FunctionalInterface
  public interface Direction {
    /**
     * Carries bytes until the direction is over.
     *
     * @throws IOException when a side broke
     * @throws InterruptedException when the relay is being closed
     */
    void run() throws IOException, InterruptedException;
  }

  /**
   * Where a direction's bytes go; {@link Buffers#HEADROOM} bytes before them may be overwritten.
   */
  @FunctionalInterface
  public interface Target {
    /**
     * Writes bytes, all of them.
     *
     * @param buffer holds them
     * @param offset where they start
     * @param length how many they are
     * @throws IOException when the target broke
     */
    void write(byte[] buffer, int offset, int length) throws IOException;
  }

  /** Bytes that a direction passes on in one turn: some milliseconds' worth. */
  private static final int TURN = 1024 * 1024;

  /** Bytes that a smaller piece counts as: it takes as much processor time as these do. */
  private static final int LEAST = 4 * 1024;

  private Relay() {}

  /**
   * Runs both directions to their ends.
   *
   * @param name of the forked thread, {@code user 42 up}
   * @param forked the direction that gets a thread of its own
   * @param own the caller's direction
   * @param abort breaks both sockets; called when a direction fails
   * @throws IOException what the caller's direction failed with
   * @throws InterruptedException when the caller was interrupted
   */
  public static void run(String name, Direction forked, Direction own, Runnable abort)
      throws IOException, InterruptedException {
    try (var scope =
        StructuredTaskScope.open(
            Joiner.<Void>awaitAll(),
            c -> c.withName(name).withThreadFactory(Thread.ofVirtual().name(name).factory()))) {
      Subtask<Void> other =
          scope.fork(() -> {
            orAbort(forked, abort);
            return null;
          });
      try {
        orAbort(own, abort);
      } catch (InterruptedException closing) {
        Thread.currentThread()
            .interrupt(); // so that join does not wait for the other direction, but cancels it
        throw closing;
      } finally {
        scope.join();
      }
      if (other.state() == Subtask.State.FAILED
          && other.exception() instanceof RuntimeException bug) {
        throw bug;
      }
    }
  }

  private static void orAbort(Direction direction, Runnable abort)
      throws IOException, InterruptedException {
    boolean ended = false;
    try {
      direction.run();
      ended = true;
    } finally {
      if (!ended) {
        abort.run();
      }
    }
  }

  /**
   * Copies until the source ends; waits in a small buffer, flows through a large one.
   *
   * @param source read by this thread alone
   * @param target gets every byte in order
   * @param count is told how many bytes went, each time
   * @throws IOException when either side broke
   */
  public static void copy(Input source, Target target, LongConsumer count) throws IOException {
    while (source.buffered() > 0 || source.fill()) {
      int length = source.buffered();
      target.write(source.buffer(), source.position(), length);
      source.consume(length);
      count.accept(length);
      share(length);
    }
  }

  /**
   * Lets others have the carrier, once in {@value #TURN} bytes on average: a virtual thread whose
   * socket is always ready never gives it up by itself. A small piece counts as {@value #LEAST}
   * bytes, and so does a message, or a frame, that the other side may send without end.
   *
   * <p>It parks for the shortest time there is instead of yielding: a thread that yields stands in
   * its carrier's own queue, before all that comes from outside (what the poller found ready, for
   * example), and one that a timer wakes stands behind it.
   *
   * @param length of the piece just dealt with
   */
  public static void share(int length) {
    if (length >= Buffers.RECORD) {
      Carriers.flowed(length);
    }
    if (ThreadLocalRandom.current().nextInt(TURN) < Math.max(length, LEAST)) {
      LockSupport.parkNanos(1);
    }
  }

  /**
   * Joins two connections without anything in between: each end of stream is passed on alone, a
   * break breaks both.
   *
   * @param name of the forked thread
   * @param one a side, closed by the caller
   * @param other the other side, closed by the caller
   * @throws InterruptedException when the caller was interrupted
   */
  public static void join(String name, Connection one, Connection other)
      throws InterruptedException {
    Runnable abort =
        () -> {
          one.abort();
          other.abort();
        };
    try {
      run(name, () -> pass(other, one), () -> pass(one, other), abort);
    } catch (IOException broken) {
      abort.run();
    }
  }

  private static void pass(Connection from, Connection to) throws IOException {
    copy(from.in(), to.out()::write, n -> {});
    to.shutdownOutput();
  }
}
