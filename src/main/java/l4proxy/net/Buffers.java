package l4proxy.net;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The large buffers that data flows through, lent for as long as something is in them.
 *
 * <p>A waiting connection holds none. Any thread may take and give back; a buffer that finds no
 * place is left to the garbage collector, so that no more than {@value #KEPT} are ever kept. A
 * thread looks in places of its own first: what it gave back is still in its processor's cache.
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

  /** A power of two. */
  private static final int KEPT = 64;

  /** Places that a thread looks at: of a direction through TLS three are in use at a time. */
  private static final int LOOKS = 8;

  private static final AtomicReferenceArray<byte[]> PLACES = new AtomicReferenceArray<>(KEPT);

  private Buffers() {}

  /**
   * Lends a buffer; its content is arbitrary.
   *
   * @return a buffer of {@link #LARGE} bytes
   */
  public static byte[] take() {
    int first = first();
    for (int i = 0; i < LOOKS; i++) {
      int place = (first + i) % KEPT;
      if (PLACES.getPlain(place) != null) {
        byte[] buffer = PLACES.getAndSet(place, null);
        if (buffer != null) {
          return buffer;
        }
      }
    }
    return new byte[LARGE];
  }

  /**
   * Takes a buffer back.
   *
   * @param buffer one from {@link #take()}, not used any more by the caller
   */
  public static void give(byte[] buffer) {
    int first = first();
    for (int i = 0; i < LOOKS; i++) {
      if (PLACES.compareAndSet((first + i) % KEPT, null, buffer)) {
        return;
      }
    }
  }

  /** Threads with numbers side by side begin far from each other (Knuth's multiplicative hash). */
  private static int first() {
    long hash = Thread.currentThread().threadId() * 0x9E3779B97F4A7C15L;
    return (int) (hash >>> Long.numberOfLeadingZeros(KEPT - 1));
  }
}
