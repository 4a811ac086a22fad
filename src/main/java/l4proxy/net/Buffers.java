package l4proxy.net;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The large buffers that data flows through, lent for as long as something is in them.
 *
 * <p>A waiting connection holds none. Any thread may take and give back; a buffer that finds the
 * pool full is left to the garbage collector, so the pool never keeps more than {@value #KEPT} of
 * them.
 */
public final class Buffers {
  /**
   * The plain bytes that the JDK puts into a TLS record at most: RFC 8446, 5.1, allows 16 KiB, of
   * which the JDK keeps one for the type and 16 for padding.
   */
  public static final int RECORD = 16 * 1024 - 17;

  /** A record around nothing: header, type and padding of the JDK, and the cipher's tag. */
  static final int SEAL = 5 + 17 + 16;

  /**
   * Bytes free before the data in every {@link Input} buffer, so that a frame header goes in front
   * of it in place.
   */
  public static final int HEADROOM = 4;

  /** Data bytes read at once: with a frame header in front they fill four TLS records exactly. */
  public static final int CHUNK = 4 * RECORD - HEADROOM;

  /**
   * Length of a large buffer: four sealed records, the last with the slack that SSLEngine asks for.
   */
  public static final int LARGE = 4 * (RECORD + SEAL) + 1024;

  private static final int KEPT = 64;
  private static final ConcurrentLinkedQueue<byte[]> POOL = new ConcurrentLinkedQueue<>();
  private static final AtomicInteger POOLED = new AtomicInteger();

  private Buffers() {}

  /**
   * Lends a buffer; its content is arbitrary.
   *
   * @return a buffer of {@link #LARGE} bytes
   */
  public static byte[] take() {
    byte[] buffer = POOL.poll();
    if (buffer == null) {
      return new byte[LARGE];
    }
    POOLED.decrementAndGet();
    return buffer;
  }

  /**
   * Takes a buffer back.
   *
   * @param buffer one from {@link #take()}, not used any more by the caller
   */
  public static void give(byte[] buffer) {
    if (POOLED.incrementAndGet() <= KEPT) {
      POOL.add(buffer);
    } else {
      POOLED.decrementAndGet();
    }
  }
}
