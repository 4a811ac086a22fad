package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import l4proxy.net.PortRanges;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyTest {
  private static final String DIGEST = "0".repeat(64);

  private static Key key(String name, Optional<PortRanges> ports, int maxServices) {
    return new Key(name, DIGEST, false, ports, maxServices, 0, Instant.EPOCH);
  }

  @Test
  void nameIsOneTo64HarmlessCharacters() {
    assertEquals("a", key("a", Optional.empty(), 0).name());
    assertEquals("A-Z_0.9", key("A-Z_0.9", Optional.empty(), 0).name());
    assertEquals("...", key("...", Optional.empty(), 0).name());
    assertEquals(64, key("x".repeat(64), Optional.empty(), 0).name().length());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".", "..", "a b", "a/b", "a\n", "ä", "a%", "l4p1_:"})
  void otherNamesAreRefused(String name) {
    assertThrows(IllegalArgumentException.class, () -> key(name, Optional.empty(), 0));
    assertThrows(IllegalArgumentException.class, () -> key("x".repeat(65), Optional.empty(), 0));
  }

  @Test
  void portsAreAllOrThoseNamed() {
    assertTrue(key("a", Optional.empty(), 0).allows(22));
    Key limited = key("a", Optional.of(PortRanges.parse("2200-2299")), 0);
    assertTrue(limited.allows(2200));
    assertFalse(limited.allows(22));
  }

  @Test
  void boundsAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> key("a", Optional.empty(), -1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Key("a", "0".repeat(63) + "G", false, Optional.empty(), 0, 0, Instant.EPOCH));
    String many =
        IntStream.range(5000, 5300)
            .map(i -> i * 2)
            .mapToObj(Integer::toString)
            .collect(Collectors.joining(","));
    assertThrows(
        IllegalArgumentException.class, () -> key("a", Optional.of(PortRanges.parse(many)), 0));
  }

  @Test
  void toStringIsTheNameAlone() {
    assertEquals("key a", key("a", Optional.empty(), 0).toString());
  }
}
