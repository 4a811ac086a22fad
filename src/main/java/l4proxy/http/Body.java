package l4proxy.http;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.regex.Pattern;
import l4proxy.net.Input;
import l4proxy.net.Relay;

/** Carries the body of a message from one side to the other, piece by piece as it comes. */
final class Body {
  /** How long a side may be silent within a message before it is given up. */
  static final Duration SILENCE = Duration.ofMinutes(5);

  /** The longest line that begins a chunk, extensions included. */
  private static final int CHUNK_LINE = 1024;

  private static final Pattern SIZE = Pattern.compile("[0-9A-Fa-f]{1,15}");

  /** The longest trailer. */
  private static final int TRAILER = 8 * 1024;

  private Body() {}

  /**
   * Copies one body and ends the sink. Chunks are made anew, their extensions and the trailer are
   * checked and dropped, as RFC 9110, 6.5.1 allows.
   */
  static void copy(Framing framing, Input from, Sink to) throws IOException {
    copy(framing, from, to, SILENCE);
  }

  /** The same, within the deadline that the input has already. */
  static void copyInTime(Framing framing, Input from, Sink to) throws IOException {
    copy(framing, from, to, Duration.ZERO);
  }

  private static void copy(Framing framing, Input from, Sink to, Duration silence)
      throws IOException {
    switch (framing) {
      case Framing.None() -> {}
      case Framing.Length(long bytes) -> copy(bytes, from, to, silence);
      case Framing.Chunked() -> chunks(from, to, silence);
      case Framing.UntilEnd() -> {
        while (more(from, silence)) {
          pass(from.buffered(), from, to);
        }
      }
    }
    to.end();
  }

  private static void chunks(Input from, Sink to, Duration silence) throws IOException {
    for (long size = size(from, silence); size > 0; size = size(from, silence)) {
      copy(size, from, to, silence);
      if (from.read() != '\r' || from.read() != '\n') {
        throw new Rejection(400, "A chunk of the body is not as long as it says.");
      }
    }
    HeadReader.fields(new LineReader(from, TRAILER));
  }

  private static long size(Input from, Duration silence) throws IOException {
    wait(from, silence);
    String line = new LineReader(from, CHUNK_LINE).next();
    int end = line.indexOf(';');
    String size = end < 0 ? line : line.substring(0, end).stripTrailing();
    if (!SIZE.matcher(size).matches()) {
      throw new Rejection(
          400, "A chunk of the body does not begin with its size in hexadecimal digits.");
    }
    return Long.parseLong(size, 16);
  }

  private static void copy(long bytes, Input from, Sink to, Duration silence) throws IOException {
    for (long left = bytes; left > 0; ) {
      if (!more(from, silence)) {
        throw new EOFException("the connection ended within the body of a message");
      }
      int piece = (int) Math.min(left, from.buffered());
      pass(piece, from, to);
      left -= piece;
    }
  }

  private static boolean more(Input from, Duration silence) throws IOException {
    if (from.buffered() > 0) {
      return true;
    }
    wait(from, silence);
    return from.fill();
  }

  private static void wait(Input from, Duration silence) throws IOException {
    if (!silence.isZero()) {
      from.deadline(silence);
    }
  }

  private static void pass(int piece, Input from, Sink to) throws IOException {
    to.write(from.buffer(), from.position(), piece);
    from.consume(piece);
    Relay.share(piece);
  }
}
