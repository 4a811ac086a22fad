package l4proxy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Random;

/** Content that a test can make and check without keeping it: the same seed, the same bytes. */
public final class Bytes {
  private static final int PIECE = 8191; // no power of two, so that no boundary hides one

  private Bytes() {}

  public static byte[] of(long seed, int length) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(length);
    try {
      write(bytes, seed, length);
    } catch (IOException e) {
      throw new IllegalStateException("in memory", e);
    }
    return bytes.toByteArray();
  }

  /** Writes the first bytes of a seed's content. */
  public static void write(OutputStream out, long seed, long length) throws IOException {
    Random random = new Random(seed);
    byte[] piece = new byte[PIECE];
    for (long left = length; left > 0; left -= PIECE) {
      random.nextBytes(piece);
      out.write(piece, 0, (int) Math.min(PIECE, left));
    }
  }

  /** Reads to the end; how many bytes came, each checked against a seed's content. */
  public static long check(InputStream in, long seed) throws IOException {
    Random random = new Random(seed);
    byte[] expected = new byte[PIECE];
    long total = 0;
    while (true) {
      random.nextBytes(expected);
      byte[] got = in.readNBytes(PIECE);
      for (int i = 0; i < got.length; i++) {
        if (got[i] != expected[i]) {
          throw new AssertionError("byte " + (total + i) + " is wrong");
        }
      }
      total += got.length;
      if (got.length < PIECE) {
        return total;
      }
    }
  }
}
