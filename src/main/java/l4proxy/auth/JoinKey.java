package l4proxy.auth;

import java.security.SecureRandom;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The secret a client holds: which server to trust, and what to prove itself with. As text: {@code
 * l4p1_} and the base64url text of 32 bytes pin and 32 bytes secret.
 *
 * @param pin the only server that may be told the secret
 * @param secret base64url text of the 32 secret bytes; sent inside TLS and nowhere else
 */
public record JoinKey(Pin pin, String secret) {
  static final String PREFIX = "l4p1_";
  private static final int SECRET_BYTES = 32;
  private static final int BODY_CHARS = 86;

  /**
   * Checks the secret.
   *
   * @throws IllegalArgumentException with one sentence that does not repeat it
   */
  public JoinKey {
    if (Base64Url.bytes(secret, SECRET_BYTES) == null) {
      throw new IllegalArgumentException(
          "The secret of a join key is 43 characters of base64url; this text is not.");
    }
  }

  /**
   * Makes a key with a new secret.
   *
   * @param pin the server that will accept it
   * @param random where the secret comes from
   * @return the key
   */
  public static JoinKey create(Pin pin, SecureRandom random) {
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    return new JoinKey(pin, Base64Url.text(secret));
  }

  /**
   * Reads a key; spaces and line ends around it do not count, as it is pasted by hand.
   *
   * @param text what {@link #text()} gives
   * @return the key
   * @throws IllegalArgumentException with one sentence that says what is wrong and never repeats
   *     the text
   */
  public static JoinKey parse(String text) {
    String key = text.strip();
    if (!key.startsWith(PREFIX)) {
      throw new IllegalArgumentException(
          "A join key starts with " + PREFIX + "; this text does not.");
    }
    String body = key.substring(PREFIX.length());
    if (body.length() != BODY_CHARS) {
      throw new IllegalArgumentException(
          "A join key is %d characters long; this text has %d: was it copied whole?"
              .formatted(PREFIX.length() + BODY_CHARS, key.length()));
    }
    byte @Nullable [] bytes = Base64Url.bytes(body, Pin.BYTES + SECRET_BYTES);
    if (bytes == null) {
      throw new IllegalArgumentException(
          "A join key is base64url after " + PREFIX + "; this text is not: was it copied whole?");
    }
    return new JoinKey(
        new Pin(Base64Url.text(Arrays.copyOf(bytes, Pin.BYTES))),
        Base64Url.text(Arrays.copyOfRange(bytes, Pin.BYTES, bytes.length)));
  }

  /**
   * The whole key: a secret, to be shown once and stored in the credentials file.
   *
   * @return {@code l4p1_} and 86 characters
   */
  public String text() {
    byte @Nullable [] secretBytes = Base64Url.bytes(secret, SECRET_BYTES);
    byte @Nullable [] pinBytes = Base64Url.bytes(pin.text(), Pin.BYTES);
    if (secretBytes == null || pinBytes == null) {
      throw new IllegalStateException("Both were checked when they were made.");
    }
    byte[] bytes = Arrays.copyOf(pinBytes, Pin.BYTES + SECRET_BYTES);
    System.arraycopy(secretBytes, 0, bytes, Pin.BYTES, SECRET_BYTES);
    return PREFIX + Base64Url.text(bytes);
  }

  /** Which server it is for; never the secret. */
  @Override
  public String toString() {
    return "JoinKey[pin=" + pin + ", secret hidden]";
  }
}
