package l4proxy.auth;

import java.security.PublicKey;

/**
 * What a client knows a server by: SHA-256 of the server's public key in its X.509
 * SubjectPublicKeyInfo encoding. Not a secret. Two are equal if they stand for the same key.
 *
 * @param text the 32 bytes as base64url text without padding, 43 characters
 */
public record Pin(String text) {
  static final int BYTES = 32;

  /**
   * Checks the text.
   *
   * @throws IllegalArgumentException with one sentence, if it is not the text of 32 bytes
   */
  public Pin {
    if (Base64Url.bytes(text, BYTES) == null) {
      throw new IllegalArgumentException("A pin is 43 characters of base64url; this text is not.");
    }
  }

  /**
   * The pin of a public key.
   *
   * @param key a key that has an encoding
   * @return its pin
   * @throws IllegalArgumentException if the key has no encoding
   */
  public static Pin of(PublicKey key) {
    byte[] encoded = key.getEncoded();
    if (encoded == null) {
      throw new IllegalArgumentException("This public key has no encoding.");
    }
    return new Pin(Base64Url.text(Digests.sha256(encoded)));
  }

  /**
   * Reads a pin; spaces and line ends around it do not count.
   *
   * @param text what {@link #text()} gives
   * @return the pin
   * @throws IllegalArgumentException with one sentence, if it is not the text of 32 bytes
   */
  public static Pin parse(String text) {
    return new Pin(text.strip());
  }

  @Override
  public String toString() {
    return text;
  }
}
