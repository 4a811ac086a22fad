package l4proxy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The frames of a tunnel as bytes, put together without regard to any rule. */
final class RawFrames {
  static final int OPEN = 1;
  static final int OPENED = 2;
  static final int REFUSED = 3;
  static final int DATA = 4;
  static final int FIN = 5;
  static final int RESET = 6;
  static final int DONE = 7;
  static final int PING = 8;
  static final int PONG = 9;

  private static final Pattern NUMBER = Pattern.compile("\"number\":([0-9]+)");

  private RawFrames() {}

  /** A frame that was read. */
  record Frame(int type, byte[] payload) {
    /** Of OPEN, the number of the opening. */
    int opening() {
      Matcher number = NUMBER.matcher(new String(payload, StandardCharsets.UTF_8));
      if (type != OPEN || !number.find()) {
        throw new AssertionError("no OPEN but a frame of type " + type);
      }
      return Integer.parseInt(number.group(1));
    }
  }

  /** A frame; the length is that of the payload. */
  static byte[] frame(int type, byte... payload) {
    return frame(type, payload.length, payload);
  }

  /** A frame that claims another length than it has. */
  static byte[] frame(int type, int length, byte[] payload) {
    return ByteBuffer.allocate(4 + payload.length).putInt(type << 24 | length).put(payload).array();
  }

  static byte[] numbered(int type, int opening) {
    return frame(type, ByteBuffer.allocate(4).putInt(opening).array());
  }

  static byte[] data(String text) {
    return frame(DATA, text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] open(int number, int service) {
    return open(
        "{\"number\":%d,\"service\":%d,\"user\":\"192.0.2.1:5\",\"address\":\"192.0.2.2:80\"}"
            .formatted(number, service));
  }

  static byte[] open(String json) {
    return frame(OPEN, json.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] all(byte[]... frames) {
    int length = 0;
    for (byte[] each : frames) {
      length += each.length;
    }
    ByteBuffer all = ByteBuffer.allocate(length);
    for (byte[] each : frames) {
      all.put(each);
    }
    return all.array();
  }

  /** Waits for the next frame, whatever it is. */
  static Frame read(InputStream in) throws IOException {
    byte[] head = in.readNBytes(4);
    if (head.length < 4) {
      throw new EOFException("the tunnel ended");
    }
    int word = ByteBuffer.wrap(head).getInt();
    byte[] payload = in.readNBytes(word & 0xff_ffff);
    if (payload.length < (word & 0xff_ffff)) {
      throw new EOFException("the tunnel ended within a frame");
    }
    return new Frame(word >>> 24, payload);
  }
}
