package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class JoinKeyTest {
  private static final Pin PIN = new Pin("A".repeat(42) + "E");

  @Test
  void pinIsTheDigestOfThePublicKeysEncoding() throws Exception {
    PublicKey key = KeyPairGenerator.getInstance("EC").generateKeyPair().getPublic();
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
    String text = Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
    assertEquals(text, Pin.of(key).text());
    assertEquals(Pin.of(key), Pin.parse(text));
    assertEquals(Pin.of(key).hashCode(), Pin.parse(" " + text + "\n").hashCode());
  }

  @Test
  void pinHasOneSpellingOnly() {
    assertThrows(IllegalArgumentException.class, () -> Pin.parse(""));
    assertThrows(IllegalArgumentException.class, () -> Pin.parse("A".repeat(42)));
    assertThrows(IllegalArgumentException.class, () -> Pin.parse("A".repeat(44)));
    assertThrows(IllegalArgumentException.class, () -> Pin.parse("A".repeat(43) + "="));
    assertThrows(IllegalArgumentException.class, () -> Pin.parse("A".repeat(42) + "+"));
    // The last of 43 characters carries four bits; B sets one of the two unused ones.
    assertThrows(IllegalArgumentException.class, () -> Pin.parse("A".repeat(42) + "B"));
  }

  @Test
  void keyIsPrefixPinAndSecret() {
    JoinKey key = JoinKey.create(PIN, new SecureRandom());
    assertEquals(91, key.text().length());
    assertTrue(key.text().startsWith("l4p1_"));
    byte[] bytes = Base64.getUrlDecoder().decode(key.text().substring(5));
    byte[] pin = Base64.getUrlDecoder().decode(PIN.text());
    byte[] secret = Base64.getUrlDecoder().decode(key.secret());
    assertEquals(64, bytes.length);
    assertEquals(0, Arrays.compare(pin, Arrays.copyOf(bytes, 32)));
    assertEquals(0, Arrays.compare(secret, Arrays.copyOfRange(bytes, 32, 64)));
    assertEquals(key, JoinKey.parse(key.text()));
    assertEquals(key, JoinKey.parse("  " + key.text() + "\r\n"));
    assertEquals(PIN, JoinKey.parse(key.text()).pin());
    assertNotEquals(key, JoinKey.create(PIN, new SecureRandom()));
  }

  @Test
  void toStringHidesTheSecret() {
    JoinKey key = JoinKey.create(PIN, new SecureRandom());
    FirstKeys first = new FirstKeys(key, key);
    for (String shown : new String[] {key.toString(), first.toString()}) {
      assertFalse(shown.contains(key.secret()), shown);
      assertFalse(shown.contains(key.text().substring(50)), shown);
    }
  }

  static Stream<String> notKeys() {
    String key = JoinKey.create(PIN, new SecureRandom()).text();
    return Stream.of(
        "",
        "l4p1_",
        key.substring(1),
        key.substring(0, 90),
        key + "A",
        key + "==",
        key.substring(0, 40) + "+" + key.substring(41),
        key.substring(0, 40) + "\n" + key.substring(41),
        key.substring(0, 90) + "B",
        "L4P1_" + key.substring(5),
        "l4p2_" + key.substring(5),
        key + key,
        "ü".repeat(91),
        key.substring(5));
  }

  @ParameterizedTest
  @MethodSource("notKeys")
  void textThatIsNoKeyIsRefusedWithoutRepeatingIt(String text) {
    var e = assertThrows(IllegalArgumentException.class, () -> JoinKey.parse(text));
    assertTrue(e.getMessage().endsWith(".") || e.getMessage().endsWith("?"), e.getMessage());
    for (int i = 5; i + 8 <= text.length(); i++) {
      assertFalse(e.getMessage().contains(text.substring(i, i + 8)), e.getMessage());
    }
    assertEquals(null, e.getCause());
  }

  @Test
  void secretIsChecked() {
    var e = assertThrows(IllegalArgumentException.class, () -> new JoinKey(PIN, "hunter2"));
    assertFalse(e.getMessage().contains("hunter2"));
  }
}
