package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import l4proxy.auth.Credentials.Entry;
import l4proxy.net.HostPort;

/**
 * Whatever stands in the files of credentials and keys is read whole, and is the same when it is
 * written and read again, or is refused by a sentence that quotes no secret.
 */
final class CredentialsFuzzTest {
  private static final int LONGEST = 300;

  @FuzzTest(maxDuration = "10m")
  void bytes(byte[] data) {
    String text = new String(data, StandardCharsets.UTF_8);
    try {
      Map<HostPort, Entry> entries = CredentialsText.parse(text);
      assertEquals(entries, CredentialsText.parse(CredentialsText.text(entries)));
      for (Entry entry : entries.values()) {
        assertTrue(text.contains(entry.key().isPresent() ? "l4p1_" : "pin"));
        entry
            .key()
            .filter(key -> !key.secret().equals(key.pin().text()))
            .ifPresent(key -> assertFalse(entry.toString().contains(key.secret())));
      }
    } catch (IllegalArgumentException fault) {
      quotesNothing(fault);
    }
    try {
      KeysText keys = KeysText.parse(text);
      assertEquals(keys, KeysText.parse(KeysText.text(keys.pin(), keys.keys())));
    } catch (IllegalArgumentException fault) {
      quotesNothing(fault);
    }
  }

  private static void quotesNothing(IllegalArgumentException fault) {
    assertEquals(IllegalArgumentException.class, fault.getClass(), "not the declared kind");
    String said = fault.getMessage();
    assertFalse(said.isBlank());
    assertFalse(said.matches("(?s).*l4p1_[A-Za-z0-9_-]{43,}.*"), said);
    assertTrue(said.length() < LONGEST, said);
    assertTrue(said.chars().noneMatch(Character::isISOControl), said);
  }
}
