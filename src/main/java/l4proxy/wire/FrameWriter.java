package l4proxy.wire;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import l4proxy.net.Connection;

/**
 * Writes the frames of a tunnel: each whole, in the order in which {@link TunnelState} allowed
 * them. Any thread; one waits for the other, and for a full pipe.
 */
final class FrameWriter {
  private static final byte[] EMPTY = new byte[0];
  private static final byte[] MOVED = new byte[1];
  private static final int REASON = 200;

  private final Connection connection;
  private final TunnelState state;
  private final TunnelLimits limits;
  private final ReentrantLock writing = new ReentrantLock();

  FrameWriter(Connection connection, TunnelState state, TunnelLimits limits) {
    this.connection = connection;
    this.state = state;
    this.limits = limits;
  }

  /** OPEN, with the first bytes behind it if there are some, in one write. */
  void open(OpenFrame frame, byte[] first, int length) throws IOException {
    byte[] json = Messages.json(frame).getBytes(StandardCharsets.UTF_8);
    byte[] out = new byte[2 * FrameType.HEADER + json.length + length];
    writing.lock();
    try {
      state.send(FrameType.OPEN, 0);
      int end = put(out, 0, FrameType.OPEN, json, json.length);
      if (length > 0) {
        state.send(FrameType.DATA, 0);
        end = put(out, end, FrameType.DATA, first, length);
      }
      write(out, 0, end, end);
    } finally {
      writing.unlock();
    }
  }

  private static int put(byte[] out, int at, FrameType type, byte[] payload, int length) {
    type.header(out, at, length);
    System.arraycopy(payload, 0, out, at + FrameType.HEADER, length);
    return at + FrameType.HEADER + length;
  }

  /** DATA; the bytes before it in the buffer become its header. */
  void data(byte[] buffer, int offset, int length) throws IOException {
    writing.lock();
    try {
      if (state.send(FrameType.DATA, 0)) {
        FrameType.DATA.header(buffer, offset - FrameType.HEADER, length);
        write(buffer, offset - FrameType.HEADER, length + FrameType.HEADER, length);
      }
    } finally {
      writing.unlock();
    }
  }

  /** A frame without a text; whether it was still to be sent. */
  boolean send(FrameType type) throws IOException {
    return switch (type) {
      case OPENED, DONE -> say(type, 0, "");
      case PONG -> send(type, 0, limits.moved() ? MOVED : EMPTY);
      default -> send(type, 0, EMPTY);
    };
  }

  /**
   * A frame with the number of its opening and a text.
   *
   * @param about the opening, 0 for the one that is on
   * @return whether it was still to be sent
   */
  boolean say(FrameType type, int about, String text) throws IOException {
    return send(type, about, numbered(about == 0 ? state.number() : about, text));
  }

  private boolean send(FrameType type, int about, byte[] payload) throws IOException {
    byte[] frame = new byte[FrameType.HEADER + payload.length];
    writing.lock();
    try {
      if (!state.send(type, about)) {
        return false;
      }
      put(frame, 0, type, payload, payload.length);
      write(frame, 0, frame.length, type.sign() ? 0 : frame.length);
      return true;
    } finally {
      writing.unlock();
    }
  }

  private void write(byte[] buffer, int offset, int length, int counted) throws IOException {
    limits.writing();
    connection.out().write(buffer, offset, length);
    limits.written(counted);
  }

  private static byte[] numbered(int number, String reason) {
    byte[] cut =
        reason.substring(0, Math.min(REASON, reason.length())).getBytes(StandardCharsets.UTF_8);
    byte[] payload = new byte[4 + cut.length];
    for (int i = 0; i < 4; i++) {
      payload[i] = (byte) (number >> 24 - 8 * i);
    }
    System.arraycopy(cut, 0, payload, 4, cut.length);
    return payload;
  }
}
