package l4proxy.http;

import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import l4proxy.net.Input;
import l4proxy.net.Relay;

/** Carries the body of a message from one side to the other, piece by piece as it comes. */
final class Body {
  /** How long a side may be silent within a message before it is given up. */
  static final Duration SILENCE = Duration.ofMinutes(5);

  /** The longest line that begins a chunk, extensions included. */
  private static final int CHUNK_LINE = 1024;

  /** The longest trailer. */
  private static final int TRAILER = 8 * 1024;

  private Body() {}

  /**
   * Copies one body and ends the sink. Chunks are made anew, their extensions and the trailer are
   * checked and dropped, as RFC 9110, 6.5.1 allows.
   */
  static void copy(Framing framing, Input from, Sink to) throws IOException {
    switch (framing) {
      case Framing.None() -> {}
      case Framing.Length(long bytes) -> copy(bytes, from, to);
      case Framing.Chunked() -> chunks(from, to);
      case Framing.UntilEnd() -> {
        while (more(from)) {
          pass(from.buffered(), from, to);
        }
      }
    }
    to.end();
  }

  private static void chunks(Input from, Sink to) throws IOException {
    for (long size = size(from); size > 0; size = size(from)) {
      copy(size, from, to);
      if (from.read() != '\r' || from.read() != '\n') {
        throw new Rejection(400, "A chunk of the body is longer than it says.");
      }
    }
    HeadReader.fields(new LineReader(from, TRAILER));
  }

  private static long size(Input from) throws IOException {
    from.deadline(SILENCE);
    String line = new LineReader(from, CHUNK_LINE).next();
    int end = line.indexOf(';');
    String size = end < 0 ? line : line.substring(0, end).stripTrailing();
    if (!size.matches("[0-9A-Fa-f]{1,15}")) {
      throw new Rejection(400, "A chunk of the body has no size.");
    }
    return Long.parseLong(size, 16);
  }

  private static void copy(long bytes, Input from, Sink to) throws IOException {
    for (long left = bytes; left > 0; ) {
      if (!more(from)) {
        throw new EOFException("the connection ended within the body of a message");
      }
      int piece = (int) Math.min(left, from.buffered());
      pass(piece, from, to);
      left -= piece;
    }
  }

  private static boolean more(Input from) throws IOException {
    if (from.buffered() > 0) {
      return true;
    }
    from.deadline(SILENCE);
    return from.fill();
  }

  private static void pass(int piece, Input from, Sink to) throws IOException {
    to.write(from.buffer(), from.position(), piece);
    from.consume(piece);
    Relay.share(piece);
  }
}
