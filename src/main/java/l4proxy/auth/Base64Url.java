package l4proxy.auth;

import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Bytes as base64url text without padding (RFC 4648, section 5), the one form that is accepted. */
final class Base64Url {
  private Base64Url() {}

  static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** The bytes, or null unless this is the text of exactly that many. */
  static byte @Nullable [] bytes(String text, int count) {
    if (text.length() != (count * 4 + 2) / 3) {
      return null;
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(text);
      // The decoder takes padding, and any value in the unused bits of the last character. A key
      // or pin must have one spelling only, or equal ones would compare as different.
      return bytes.length == count && text(bytes).equals(text) ? bytes : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
