package l4proxy.http;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A name and a password that users of a proxy prove themselves with, by the Basic scheme: RFC 7617.
 */
public final class Login {
  private static final int SECRET_BYTES = 18; // 144 bits, 24 characters
  private static final Pattern TEXT = Pattern.compile("[!-~&&[^:]]{1,64}:[!-~]{1,128}");

  private final String text;

  private Login(String text) {
    this.text = text;
  }

  /**
   * Makes one up.
   *
   * @return a login of URL-safe characters
   */
  public static Login random() {
    byte[] secret = new byte[SECRET_BYTES];
    new SecureRandom().nextBytes(secret);
    return new Login("proxy:" + Base64.getUrlEncoder().withoutPadding().encodeToString(secret));
  }

  /**
   * Reads one.
   *
   * @param text {@code name:password}
   * @return the login
   * @throws IllegalArgumentException with a sentence that does not repeat it
   */
  public static Login parse(String text) {
    if (!TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "It is no login: expected name:password (or none) in printable ASCII without spaces, at"
              + " most 64 and 128 characters.");
    }
    return new Login(text);
  }

  /**
   * The text that {@link #parse} reads, a secret.
   *
   * @return {@code name:password}
   */
  public String text() {
    return text;
  }

  /** Whether a Proxy-Authorization field proves it; takes as long for a near miss as for any. */
  boolean provenBy(String authorization) {
    return sent(authorization)
        .filter(bytes -> MessageDigest.isEqual(bytes, text.getBytes(StandardCharsets.US_ASCII)))
        .isPresent();
  }

  private static Optional<byte[]> sent(String authorization) {
    String scheme = "Basic ";
    if (!authorization.regionMatches(true, 0, scheme, 0, scheme.length())) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          Base64.getDecoder().decode(authorization.substring(scheme.length()).strip()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  @Override
  public String toString() {
    return "a login";
  }
}
