package l4proxy.wire;

import java.util.regex.Pattern;
import l4proxy.net.HostPort;
import org.jspecify.annotations.Nullable;

/**
 * The bounds of what a message may say; each failure is an IllegalArgumentException that the codec
 * turns into a breach.
 */
final class Checks {
  private static final Pattern TICKET = Pattern.compile("[A-Za-z0-9_-]{22}");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,19}");

  private Checks() {}

  static void range(String field, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(field + " is " + value + ", not " + least + " to " + most);
    }
  }

  static void text(String field, @Nullable String value, int most) {
    if (value == null || value.length() > most) {
      throw new IllegalArgumentException(
          field + " is " + (value == null ? "missing" : "longer than " + most + " characters"));
    }
    if (value.chars().anyMatch(Checks::controls)) {
      throw new IllegalArgumentException(field + " has a control character");
    }
  }

  private static boolean controls(int c) {
    return Character.isISOControl(c) || c == '\u2028' || c == '\u2029';
  }

  /** A display name: 1 to 19 letters, digits, {@code -}, {@code _} and {@code .}. */
  static void name(String field, @Nullable String value) {
    if (value == null || !NAME.matcher(value).matches()) {
      throw new IllegalArgumentException(
          field + " is not 1 to 19 letters, digits, '-', '_' or '.'");
    }
  }

  /** A host name or address. */
  static void host(String field, @Nullable String value) {
    try {
      if (value != null) {
        HostPort _ = new HostPort(value, 0);
        return;
      }
    } catch (IllegalArgumentException e) {
      // said below: its own message repeats the text
    }
    throw new IllegalArgumentException(field + " is no host name or address");
  }

  /** 128 random bits in base64url. */
  static void id(String field, @Nullable String value) {
    if (value == null || !TICKET.matcher(value).matches()) {
      throw new IllegalArgumentException(field + " is not 128 bits in base64url");
    }
  }
}
