package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HostPortTest {
  @ParameterizedTest
  @CsvSource({
    "example.org:80, example.org, 80, example.org:80",
    "example.org, example.org, 2222, example.org:2222",
    "example.org.:80, example.org., 80, example.org.:80",
    "Example.ORG:80, example.org, 80, example.org:80",
    "my_host:1, my_host, 1, my_host:1",
    "127.0.0.1:22, 127.0.0.1, 22, 127.0.0.1:22",
    "0.0.0.0, 0.0.0.0, 2222, 0.0.0.0:2222",
    ":2222, '', 2222, :2222",
    ":0, '', 0, :0",
    "h:65535, h, 65535, h:65535",
    "[::1]:22, ::1, 22, [::1]:22",
    "[::1], ::1, 2222, [::1]:2222",
    "::1, ::1, 2222, [::1]:2222",
    "::, ::, 2222, [::]:2222",
    "2001:DB8::1, 2001:db8::1, 2222, [2001:db8::1]:2222",
    "[::ffff:192.0.2.1]:7, ::ffff:192.0.2.1, 7, [::ffff:192.0.2.1]:7",
    "[fe80::1%noSuch0]:22, fe80::1%noSuch0, 22, [fe80::1%noSuch0]:22",
  })
  void textIsReadAndGivenBack(String text, String host, int port, String shown) {
    HostPort parsed = HostPort.parse(text, 2222);
    assertEquals(new HostPort(host, port), parsed);
    assertEquals(shown, parsed.toString());
    assertEquals(parsed, HostPort.parse(shown, -1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "h:",
        "h:x",
        "h:-1",
        "h:65536",
        "h:999999",
        "h:1:2",
        "[::1",
        "[::1]22",
        "[::1]:",
        "[]:1",
        "[]",
        "[h]:1",
        "[127.0.0.1]:1",
        "h h:1",
        " h:1",
        "h:1 ",
        "h/x:1",
        "http://h:1",
        "bücher.example:1",
        "-svr:1",
        "h-:1",
        "a..b:1",
        ".:1",
        "2222",
        "10.1:1",
        "1.2.3.4.5:1",
        "256.0.0.1:1",
        "127.0.0.01:1",
        "127.0.0.1.:1",
        "::g",
        "1::2::3",
        "[::1%]:1",
        "h\n:1",
        "user@h:1",
        "h:٣"
      })
  void textThatIsNoAddressIsRefused(String text) {
    var e = assertThrows(IllegalArgumentException.class, () -> HostPort.parse(text, 2222));
    assertTrue(e.getMessage().startsWith("\""), e.getMessage());
    assertTrue(e.getMessage().contains("expected host:port"), e.getMessage());
    assertFalse(e.getMessage().contains("\n"), e.getMessage());
    if (text.length() < 20 && !text.contains("\n")) {
      assertTrue(e.getMessage().contains("\"" + text + "\""), e.getMessage());
    }
  }

  @Test
  void portIsRequiredWithoutDefault() {
    assertThrows(IllegalArgumentException.class, () -> HostPort.parse("example.org", -1));
    assertThrows(IllegalArgumentException.class, () -> HostPort.parse("::1", -1));
    assertEquals(new HostPort("h", 1), HostPort.parse("h:1", -1));
  }

  @Test
  void hostIsAtMost253Characters() {
    String name = ("a".repeat(49) + ".").repeat(5).substring(0, 249) + ".abc";
    assertEquals(253, name.length());
    assertEquals(name, HostPort.parse(name, 1).host());
    assertEquals(name + ".", HostPort.parse(name + ".", 1).host());
    assertThrows(IllegalArgumentException.class, () -> HostPort.parse(name + "d", 1));
    assertThrows(IllegalArgumentException.class, () -> HostPort.parse("a".repeat(64), 1));
    assertEquals(63, HostPort.parse("a".repeat(63), 1).host().length());
    assertThrows(
        IllegalArgumentException.class, () -> HostPort.parse("x".repeat(1_000_000) + ":1", 1));
  }

  @Test
  void joinKeyInTheWrongPlaceIsNotRepeated() {
    String pin = "A".repeat(42);
    String key = "l4p1_" + pin + "Secret".repeat(8).substring(0, 44);
    var e = assertThrows(IllegalArgumentException.class, () -> HostPort.parse(key, 1));
    assertFalse(e.getMessage().contains("Sec"), e.getMessage());
    var direct = assertThrows(IllegalArgumentException.class, () -> new HostPort(key, 1));
    assertFalse(direct.getMessage().contains("Sec"), direct.getMessage());
  }

  @Test
  void constructorChecksToo() {
    assertThrows(IllegalArgumentException.class, () -> new HostPort("h", -1));
    assertThrows(IllegalArgumentException.class, () -> new HostPort("h", 65536));
    assertThrows(IllegalArgumentException.class, () -> new HostPort("[::1]", 1));
    // U+212A, the Kelvin sign, becomes a plain k in lower case.
    assertThrows(IllegalArgumentException.class, () -> new HostPort("\u212Aelvin", 1));
    assertNotEquals(new HostPort("h", 1), new HostPort("h", 2));
  }

  @Test
  void addressesResolve() throws Exception {
    assertEquals(
        InetAddress.ofLiteral("127.0.0.1"),
        HostPort.parse("127.0.0.1:5", 0).resolve().getAddress());
    assertEquals(InetAddress.ofLiteral("::1"), HostPort.parse("::1", 5).resolve().getAddress());
    assertTrue(HostPort.parse(":5", 0).resolve().getAddress().isAnyLocalAddress());
    assertEquals(5, HostPort.parse(":5", 0).resolve().getPort());
    HostPort unknown = HostPort.parse("no-such-host.invalid:1", 0);
    assertThrows(UnknownHostException.class, unknown::resolve);
  }
}
