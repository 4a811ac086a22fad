package l4proxy.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/**
 * Content that is made and checked without being kept: a block of random bytes of an odd length,
 * again and again, so that a byte lost, doubled or moved shows.
 */
final class Content {
  private static final byte[] BLOCK = new byte[1_000_003];

  static {
    new Random(7).nextBytes(BLOCK);
  }

  private Content() {}

  /** Writes the first bytes. */
  static void write(OutputStream out, long length) throws IOException {
    long written = 0;
    while (written < length) {
      int at = (int) (written % BLOCK.length);
      int count = (int) Math.min(Math.min(64 * 1024, BLOCK.length - at), length - written);
      out.write(BLOCK, at, count);
      written += count;
    }
  }

  /** Checks bytes that stand at a place of the content; the place behind them. */
  static long check(byte[] bytes, int count, long place) {
    int done = 0;
    while (done < count) {
      int at = (int) ((place + done) % BLOCK.length);
      int piece = Math.min(count - done, BLOCK.length - at);
      if (!Arrays.equals(bytes, done, done + piece, BLOCK, at, at + piece)) {
        throw new AssertionError("wrong bytes behind " + (place + done));
      }
      done += piece;
    }
    return place + count;
  }

  /**
   * Reads so many bytes, each checked, the first standing at a place of the content; the place
   * behind the last.
   */
  static long read(InputStream in, long place, long length) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    long end = place + length;
    long now = place;
    while (now < end) {
      int count = in.read(buffer, 0, (int) Math.min(buffer.length, end - now));
      if (count < 0) {
        throw new AssertionError("the stream ended at " + now + " instead of " + end);
      }
      now = check(buffer, count, now);
    }
    return now;
  }

  /** Reads to the end, or until it throws, each byte checked; the place behind the last. */
  static long readAll(InputStream in, long place) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    long now = place;
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      now = check(buffer, count, now);
    }
    return now;
  }

  /** A file of random bytes. */
  static Path file(Path path, long length, long seed) throws IOException {
    Random random = new Random(seed);
    byte[] piece = new byte[1 << 16];
    try (OutputStream out = Files.newOutputStream(path)) {
      for (long left = length; left > 0; left -= piece.length) {
        random.nextBytes(piece);
        out.write(piece, 0, (int) Math.min(piece.length, left));
      }
    }
    return path;
  }

  /** A file's SHA-256. */
  static String sha256(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
        Files.copy(file, out);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
