package l4proxy.http;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import l4proxy.net.Input;

/** Reads lines that end with CR LF, and so many bytes in all at most. One thread uses it. */
final class LineReader {
  private final Input in;
  private int left;

  LineReader(Input in, int most) {
    this.in = in;
    this.left = most;
  }

  /** The next line without its end. */
  String next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = read(); b != '\r'; b = read()) {
      if (b < ' ' && b != '\t' || b == 0x7f) {
        throw new Rejection(
            400, "A control character stands in a line of the message; each ends with CR LF.");
      }
      line.write(b);
    }
    if (read() != '\n') {
      throw new Rejection(
          400, "A CR without LF stands in a line of the message; each ends with CR LF.");
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  private int read() throws IOException {
    if (left-- <= 0) {
      throw new Rejection(
          431, "The head of the message, or a line within its body, is too long; send less there.");
    }
    int b = in.read();
    if (b < 0) {
      throw new EOFException("the connection ended within the head of a message");
    }
    return b;
  }
}
