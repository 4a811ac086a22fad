package l4proxy.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import l4proxy.wire.OpenFrame;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The PROXY protocol's headers, to the byte. */
final class ProxyProtocolTest {
  private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";

  private static OpenFrame open(String user, String address) {
    return new OpenFrame(1, 0, user, address);
  }

  private static String text(byte[] header) {
    return new String(header, StandardCharsets.US_ASCII);
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1:51000, 198.51.100.7:80, TCP4 192.0.2.1 198.51.100.7 51000 80",
    "255.255.255.255:65535, 255.255.255.255:65535,"
        + " TCP4 255.255.255.255 255.255.255.255 65535 65535",
    "[2001:db8::1]:51000, [2001:db8::2]:80, TCP6 2001:db8:0:0:0:0:0:1 2001:db8:0:0:0:0:0:2 51000"
        + " 80",
    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535,"
        + " [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535,"
        + " TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        + " 65535 65535",
    "[2001:db8::1]:51000, 198.51.100.7:80, TCP6 2001:db8:0:0:0:0:0:1 0:0:0:0:0:ffff:c633:6407 51000"
        + " 80",
    "192.0.2.1:51000, [2001:db8::2]:80, TCP6 0:0:0:0:0:ffff:c000:201 2001:db8:0:0:0:0:0:2 51000 80",
    "nobody:1, 198.51.100.7:80, UNKNOWN",
    "192.0.2.1, 198.51.100.7:80, UNKNOWN",
    "'', '', UNKNOWN"
  })
  void firstVersionIsALine(String user, String address, String line) {
    byte[] header = ProxyProtocol.V1.header(open(user, address));
    assertEquals("PROXY " + line + "\r\n", text(header));
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1:51000, 198.51.100.7:80, 21 11 000c c0000201 c6336407 c738 0050",
    "[2001:db8::1]:51000, [2001:db8::2]:80,"
        + " 21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002 c738 0050",
    "[2001:db8::1]:51000, 198.51.100.7:80,"
        + " 21 21 0024 20010db8000000000000000000000001 00000000000000000000ffffc6336407 c738 0050",
    "192.0.2.1:51000, [2001:db8::2]:80,"
        + " 21 21 0024 00000000000000000000ffffc0000201 20010db8000000000000000000000002 c738 0050",
    "nobody:1, 198.51.100.7:80, 21 00 0000"
  })
  void secondVersionIsBinary(String user, String address, String bytes) {
    byte[] header = ProxyProtocol.V2.header(open(user, address));
    assertEquals(SIGNATURE + bytes.replace(" ", ""), HexFormat.of().formatHex(header));
  }

  @Test
  void connectionOfTheClientsOwnHasNoUser() {
    assertEquals("PROXY UNKNOWN\r\n", text(ProxyProtocol.V1.ofOurs()));
    assertEquals(SIGNATURE + "20000000", HexFormat.of().formatHex(ProxyProtocol.V2.ofOurs()));
  }
}
