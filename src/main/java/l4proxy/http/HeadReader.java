package l4proxy.http;

import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import l4proxy.net.Input;
import org.jspecify.annotations.Nullable;

/**
 * Reads the heads of messages, and takes only what has one meaning: each line ends with CR LF, a
 * name is a token with the colon right behind, nothing is folded (RFC 9112, 2.2, 5 and 11.2). What
 * is let through otherwise, the next recipient may read as another request.
 */
final class HeadReader {
  /** The longest head of a request. */
  static final int REQUEST = 16 * 1024;

  /** The longest head of a response: the cookies of some sites are long. */
  static final int RESPONSE = 64 * 1024;

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final Pattern TARGET = Pattern.compile("[!-~]+");

  /** Some send what RFC 3986 wants encoded as it is. */
  private static final Pattern ANY_TARGET = Pattern.compile("[!-~\\x80-\\xff]+");

  private static final Pattern VERSION = Pattern.compile("HTTP/[0-9]\\.[0-9]");
  private static final Pattern STATUS =
      Pattern.compile("HTTP/1\\.([01]) ([1-5][0-9]{2})(?: (.*))?");

  private HeadReader() {}

  /** Reads a request's head; null when the stream ended before it began. */
  static @Nullable RequestHead request(Input in) throws IOException {
    return request(in, TARGET);
  }

  /** The same, with a target that need not be ASCII: each byte is a character. */
  static @Nullable RequestHead requestForAny(Input in) throws IOException {
    return request(in, ANY_TARGET);
  }

  private static @Nullable RequestHead request(Input in, Pattern target) throws IOException {
    if (in.buffered() == 0 && !in.fill()) {
      return null;
    }
    LineReader lines = new LineReader(in, REQUEST);
    String first = lines.next();
    if (first.isEmpty()) {
      first = lines.next(); // RFC 9112, 2.2: one too many behind the last body
    }
    String[] words = first.split(" ", -1);
    if (words.length != 3
        || !TOKEN.matcher(words[0]).matches()
        || !target.matcher(words[1]).matches()
        || !VERSION.matcher(words[2]).matches()) {
      throw bad("The request line is not 'METHOD target HTTP/1.1', with one space between.");
    }
    if (!words[2].startsWith("HTTP/1.")) {
      throw new Rejection(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here; ask in one of those.");
    }
    try {
      return new RequestHead(words[0], words[1], !words[2].equals("HTTP/1.0"), fields(lines));
    } catch (Rejection no) {
      throw no.of(words[0]);
    }
  }

  /** Reads a response's head. */
  static ResponseHead response(Input in) throws IOException {
    if (in.buffered() == 0 && !in.fill()) {
      throw new EOFException("no response came");
    }
    LineReader lines = new LineReader(in, RESPONSE);
    var status = STATUS.matcher(lines.next());
    if (!status.matches()) {
      throw bad("The status line is not 'HTTP/1.1 status reason'.");
    }
    String reason = status.group(3);
    return new ResponseHead(
        Integer.parseInt(status.group(2)),
        reason == null ? "" : reason,
        status.group(1).equals("1"),
        fields(lines));
  }

  /** Reads fields up to the empty line, those of a head or a trailer. */
  static HeaderFields fields(LineReader lines) throws IOException {
    List<HeaderFields.Field> fields = new ArrayList<>();
    for (String line = lines.next(); !line.isEmpty(); line = lines.next()) {
      int colon = line.indexOf(':');
      // A folded line begins with white space, which no name has.
      if (colon < 0 || !TOKEN.matcher(line.substring(0, colon)).matches()) {
        throw bad(
            "A header field is not 'Name: value' on one line, without a space before the colon.");
      }
      fields.add(
          new HeaderFields.Field(line.substring(0, colon), line.substring(colon + 1).strip()));
    }
    return new HeaderFields(fields);
  }

  private static Rejection bad(String sentence) {
    return new Rejection(400, sentence);
  }
}
