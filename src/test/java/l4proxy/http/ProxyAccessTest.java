package l4proxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import l4proxy.EchoBackend;
import l4proxy.LeakCheck;
import l4proxy.net.CidrList;
import l4proxy.net.Lookups;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may use a proxy, and for what. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class ProxyAccessTest {
  private static final ProxyAccess WITH_LOGIN =
      new ProxyAccess(Optional.of(Login.parse("me:secret:1")), Optional.empty());
  private static final Dialer ANYWHERE = new Dialer(new Lookups(), address -> true);

  private static ProxyAccess from(String ranges) {
    return new ProxyAccess(Optional.empty(), Optional.of(CidrList.parse(ranges)));
  }

  private static String connect(int port, String fields) {
    return "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n%s\r\n".formatted(port, fields);
  }

  private static String basic(String login) {
    return "Proxy-Authorization: Basic "
        + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.US_ASCII))
        + "\r\n";
  }

  private static int length(String head) {
    return Integer.parseInt(head.replaceAll("(?s).*\r\nContent-Length: (\\d+)\r\n.*", "$1"));
  }

  @Test
  void loginIsAskedForAndTheSameConnectionGoesOn() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture(WITH_LOGIN, ANYWHERE);
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port(), ""));
      String head = user.head();
      assertTrue(head.startsWith("HTTP/1.1 407 Proxy Authentication Required\r\n"), head);
      assertTrue(head.contains("\r\nProxy-Authenticate: Basic realm=\"l4proxy\"\r\n"), head);
      user.read(length(head));
      user.send(connect(backend.port(), basic("me:secret:1")));
      assertTrue(user.head().startsWith("HTTP/1.1 200 "));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Proxy-Authorization: Basic bWU6c2VjcmV0OjI=\r\n", // me:secret:2
        "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n", // me:secret
        "Proxy-Authorization: Basic !\r\n",
        "Proxy-Authorization: Basic\r\n",
        "Proxy-Authorization: Basic \r\n",
        "Proxy-Authorization: Bearer bWU6c2VjcmV0OjE=\r\n",
        "Proxy-Authorization: bWU6c2VjcmV0OjE=\r\n",
        "Authorization: Basic bWU6c2VjcmV0OjE=\r\n",
        "Proxy-Authorization: Basic bWU6c2VjcmV0OjE=\r\nProxy-Authorization: Basic eA==\r\n",
      })
  void wrongLoginIs407AndNothingIsDialled(String fields) throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture(WITH_LOGIN, ANYWHERE);
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port(), fields));
      assertTrue(user.head().startsWith("HTTP/1.1 407 "));
      assertEquals(0, backend.connections());
    }
  }

  @Test
  void requestWithABodyAndNoLoginIs407AndTheEnd() throws Exception {
    try (ProxyFixture proxy = new ProxyFixture(WITH_LOGIN, ANYWHERE);
        ProxyFixture.User user = proxy.user()) {
      user.send(
          "POST http://127.0.0.1:9/ HTTP/1.1\r\nHost: x\r\nContent-Length: 31\r\n\r\n"
              + "GET /smuggled HTTP/1.1\r\nX: y\r\n\r\n");
      String said = user.rest();
      assertTrue(said.startsWith("HTTP/1.1 407 "), said);
      assertEquals(1, said.split("HTTP/1.1 ", -1).length - 1, said);
    }
  }

  @Test
  void userOfAnotherNetworkIs403() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture(from("10.0.0.0/8,::1"), ANYWHERE);
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port(), ""));
      assertTrue(user.head().startsWith("HTTP/1.1 403 "));
      assertEquals(0, backend.connections());
    }
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture(from("10.0.0.0/8,127.0.0.0/8"), ANYWHERE);
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port(), ""));
      assertTrue(user.head().startsWith("HTTP/1.1 200 "));
    }
  }

  @Test
  void targetWithinTheServersNetworkIs403() throws Exception {
    Dialer outside =
        new Dialer(
            host -> List.of(InetAddress.ofLiteral("127.0.0.1")), new GlobalAddresses(Set.of()));
    try (EchoBackend backend = new EchoBackend();
        ProxyFixture proxy = new ProxyFixture(ProxyFixture.OPEN, outside);
        ProxyFixture.User user = proxy.user()) {
      user.send(connect(backend.port(), ""));
      String head = user.head();
      assertTrue(head.startsWith("HTTP/1.1 403 "), head);
      user.read(length(head));
      user.send("GET http://inside.test/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      assertTrue(user.rest().startsWith("HTTP/1.1 403 "));
      assertEquals(0, backend.connections());
    }
  }

  @Test
  void madeUpLoginsAreUrlSafeAndDiffer() {
    Login login = Login.random();
    assertTrue(login.text().matches("[A-Za-z0-9_-]+:[A-Za-z0-9_-]{24}"), login.text());
    assertNotEquals(login.text(), Login.random().text());
    assertFalse(login.toString().contains(login.text().split(":", 2)[1]));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "none", "name", "name:", ":password", "na me:x", "name:pass word"})
  void textThatIsNoLoginIsRefusedWithoutRepeatingIt(String text) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> Login.parse(text));
    assertTrue(String.valueOf(e.getMessage()).startsWith("It is no login: expected name:password"));
  }
}
