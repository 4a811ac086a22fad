package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranges of addresses as people write them. */
final class CidrTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.0.0.0, true",
    "10.0.0.0/8, 10.255.255.255, true",
    "10.0.0.0/8, 11.0.0.0, false",
    "10.0.0.0/8, 9.255.255.255, false",
    "192.0.2.128/25, 192.0.2.127, false",
    "192.0.2.128/25, 192.0.2.128, true",
    "192.0.2.7, 192.0.2.7, true",
    "192.0.2.7, 192.0.2.6, false",
    "0.0.0.0/0, 255.255.255.255, true",
    "0.0.0.0/0, ::1, false",
    "::/0, 2001:db8::1, true",
    "::/0, 127.0.0.1, false",
    "10.0.0.0/8, ::ffff:10.1.2.3, true",
    "2001:db8::/33, 2001:db8:7fff::1, true",
    "2001:db8::/33, 2001:db8:8000::1, false",
    "::1, ::1, true",
    "::1/128, ::2, false",
  })
  void containsWhatSharesItsPrefix(String range, String address, boolean within) {
    assertEquals(within, Cidr.parse(range).contains(InetAddress.ofLiteral(address)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/8/8",
        "::/129",
        "10.0.0/8",
        "010.0.0.0/8",
        "1234",
        "example.org",
        "fe80::1%eth0",
        "[::1]",
        "10.0.0.0/٨",
      })
  void otherTextIsRefusedWithAnExample(String text) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> Cidr.parse(text));
    assertTrue(String.valueOf(e.getMessage()).contains("expected one such as 10.0.0.0/8"));
  }

  @Test
  void addressWithinARangeIsRefusedWithTheRange() {
    Exception e = assertThrows(IllegalArgumentException.class, () -> Cidr.parse("192.168.1.5/24"));
    assertTrue(String.valueOf(e.getMessage()).contains("192.168.1.0/24"), e.getMessage());
  }

  @Test
  void rangesAreValues() {
    assertEquals(Cidr.parse("10.0.0.0/8"), Cidr.parse("10.0.0.0/8"));
    assertEquals(Cidr.parse("10.0.0.0/8").hashCode(), Cidr.parse("10.0.0.0/8").hashCode());
    assertNotEquals(Cidr.parse("10.0.0.0/8"), Cidr.parse("10.0.0.0/9"));
    assertEquals("192.0.2.7/32", Cidr.parse("192.0.2.7").toString());
  }

  @Test
  void listHoldsWhatOneOfItsRangesHolds() {
    CidrList list = CidrList.parse("10.0.0.0/8, 2001:db8::/32,192.0.2.7");
    assertTrue(list.contains(InetAddress.ofLiteral("10.1.1.1")));
    assertTrue(list.contains(InetAddress.ofLiteral("2001:db8::1")));
    assertTrue(list.contains(InetAddress.ofLiteral("192.0.2.7")));
    assertEquals(false, list.contains(InetAddress.ofLiteral("192.0.2.8")));
    assertEquals(list, CidrList.parse(list.toString()));
  }

  @Test
  void shownShort() {
    assertEquals("::1/128", Cidr.parse("0:0:0:0:0:0:0:1").toString());
    assertEquals("2001:db8::/32", Cidr.parse("2001:db8:0::/32").toString());
    assertEquals("10.0.0.0/8", Cidr.parse("10.0.0.0/8").toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", "10.0.0.0/8,", "10.0.0.0/8 11.0.0.0/8"})
  void listWithAGapIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> CidrList.parse(text));
  }

  @Test
  void listIsBounded() {
    String many = "10.0.0.1,".repeat(1000) + "10.0.0.1";
    assertThrows(IllegalArgumentException.class, () -> CidrList.parse(many));
  }
}
