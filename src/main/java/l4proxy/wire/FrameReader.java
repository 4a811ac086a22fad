package l4proxy.wire;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import l4proxy.net.Buffers;
import l4proxy.net.Input;

/** Reads frames: a header, then its payload in place, piece by piece. One thread. */
final class FrameReader {
  private final Input in;
  private int left;

  /** Whoever sent the frame had more to send than fits into one. */
  private boolean full;

  FrameReader(Input in) {
    this.in = in;
  }

  /** Waits for the next header; what is left of the payload before is passed over. */
  FrameType next() throws IOException {
    while (left > 0) {
      consume(piece());
    }
    in.want(FrameType.HEADER + Buffers.CHUNK);
    int code = need();
    int length = need() << 16 | need() << 8 | need();
    FrameType type = FrameType.of(code, length);
    left = length;
    full = length >= Buffers.CHUNK;
    return type;
  }

  /** Waits for bytes of the payload; how many are there, 0 when it is all consumed. */
  int piece() throws IOException {
    if (left == 0) {
      return 0;
    }
    if (in.buffered() == 0) {
      if (full) {
        in.expect(left);
      } else {
        in.want(left);
      }
      if (!in.fill()) {
        throw new EOFException("the tunnel ended within a frame");
      }
    }
    return Math.min(left, in.buffered());
  }

  /** Bytes of the payload that are not consumed yet. */
  int left() {
    return left;
  }

  void consume(int count) {
    in.consume(count);
    left -= count;
  }

  int number() throws IOException {
    left -= 4;
    return need() << 24 | need() << 16 | need() << 8 | need();
  }

  String text() throws IOException {
    byte[] bytes = in.readNBytes(left);
    if (bytes.length < left) {
      throw new EOFException("the tunnel ended within a frame");
    }
    left = 0;
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private int need() throws IOException {
    int b = in.read();
    if (b < 0) {
      throw new EOFException("the tunnel ended");
    }
    return b;
  }
}
