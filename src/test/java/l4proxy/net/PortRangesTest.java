package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PortRangesTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1024-65535,80 | 80,1024-65535 | 64513",
        "22 | 22 | 1",
        "1-65535 | 1-65535 | 65535",
        "5-6,6-9,10,12 | 5-10,12 | 7",
        "1-100,5-6 | 1-100 | 100",
        "80, 443 | 80,443 | 2",
        "00080 | 80 | 1",
      })
  void rangesAreSortedJoinedAndCounted(String text, String shown, int size) {
    PortRanges ports = PortRanges.parse(text);
    assertEquals(shown, ports.toString());
    assertEquals(size, ports.size());
    assertEquals(ports, PortRanges.parse(shown));
    assertEquals(size, ports.ports().count());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", ",", "80,", ",80", "0", "65536", "9-8", "1-", "-1", "1-2-3", "a", "80 443", "999999",
        "1:5", "80;81", "٣", "80\n81"
      })
  void textThatIsNoSetOfPortsIsRefused(String text) {
    var e = assertThrows(IllegalArgumentException.class, () -> PortRanges.parse(text));
    assertTrue(e.getMessage().contains("expected ports and ranges"), e.getMessage());
    assertTrue(text.contains("\n") || e.getMessage().contains("\"" + text + "\""));
  }

  @Test
  void containsExactlyItsPorts() {
    PortRanges ports = PortRanges.parse("22,80-82,65535");
    int[] expected = {22, 80, 81, 82, 65535};
    assertArrayEquals(expected, ports.ports().toArray());
    for (int port = -1; port <= 65537; port++) {
      assertEquals(List.of(22, 80, 81, 82, 65535).contains(port), ports.contains(port));
    }
    assertFalse(ports.contains(Integer.MIN_VALUE));
    assertFalse(ports.contains(Integer.MAX_VALUE));
  }

  @Test
  void portAtCountsInOrder() {
    PortRanges ports = PortRanges.parse("22,80-82,65535");
    for (int i = 0; i < ports.size(); i++) {
      assertEquals(ports.ports().toArray()[i], ports.portAt(i));
    }
    assertThrows(IndexOutOfBoundsException.class, () -> ports.portAt(5));
    assertThrows(IndexOutOfBoundsException.class, () -> ports.portAt(-1));
  }

  @Test
  void rangesCannotBeChanged() {
    PortRanges ports = PortRanges.parse("22");
    assertThrows(
        UnsupportedOperationException.class, () -> ports.ranges().add(new PortRanges.Range(1, 2)));
    assertThrows(IllegalArgumentException.class, () -> new PortRanges(List.of()));
    assertThrows(IllegalArgumentException.class, () -> new PortRanges.Range(0, 2));
    assertThrows(IllegalArgumentException.class, () -> new PortRanges.Range(3, 2));
  }
}
