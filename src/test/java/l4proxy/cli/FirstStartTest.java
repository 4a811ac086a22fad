package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import l4proxy.RecordedEvents;
import l4proxy.auth.Credentials;
import l4proxy.auth.FirstKeys;
import l4proxy.auth.Identity;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.events.Event;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.server.Limits;
import l4proxy.server.ServerConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class FirstStartTest {
  @TempDir Path home;
  private final RecordedEvents events = new RecordedEvents();
  private TestShell shell;
  private StateDirectory state;
  private Identity identity;
  private Keys keys;
  private FirstKeys made;
  private Credentials credentials;

  @BeforeEach
  void open() throws Exception {
    shell = new TestShell(home);
    state = StateDirectory.open(home.resolve("state"));
    identity = Identity.open(state);
    keys = Keys.open(state, identity.pin());
    made = keys.created().orElseThrow();
    credentials = new Credentials(home.resolve("config/l4proxy/credentials.json"));
  }

  @AfterEach
  void close() {
    state.close();
  }

  private void announce(String host, String control, boolean noAuth) {
    HostPort address = HostPort.parse(control, -1);
    ServerConfig config =
        new ServerConfig(
            address,
            host.isEmpty() ? Optional.empty() : Optional.of(host),
            Optional.empty(),
            PortRanges.parse("1024-65535"),
            noAuth,
            false,
            false,
            Limits.NONE,
            Duration.ZERO);
    new FirstStart(shell.shell(), events, config, identity, keys).announce(address);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, :2222, 127.0.0.1",
    "example.org, :3333, example.org:3333",
    "'', 10.1.2.3:2222, 10.1.2.3",
    "'', [::1]:2222, [::1]",
    "'', [::1]:22222, [::1]:22222",
    "::1, 127.0.0.1:2222, [::1]"
  })
  void joinCommandNamesWhereClientsFindTheServer(String host, String control, String expected)
      throws Exception {
    announce(host, control, false);
    assertEquals(
        "L4PROXY_JOIN=" + made.defaultKey().text() + " l4proxy client --svr_addr " + expected,
        shell.line());
    assertEquals(List.of(), shell.rest());
    assertFalse(events.all().toString().contains("l4p1_"));
  }

  @Test
  void adminKeyIsKeptForEveryAddressOfThisMachineWhenAllAreListenedOn() throws Exception {
    announce("", ":2222", false);
    for (String address : List.of("127.0.0.1:2222", "localhost:2222", "[::1]:2222")) {
      assertEquals(
          Optional.of(Credentials.Entry.of(made.adminKey())),
          credentials.find(HostPort.parse(address, -1)));
    }
  }

  @Test
  void adminKeyIsKeptForTheOneAddressThatIsListenedOn() throws Exception {
    announce("", "10.1.2.3:2222", false);
    assertTrue(credentials.find(new HostPort("10.1.2.3", 2222)).isPresent());
    assertEquals(Optional.empty(), credentials.find(new HostPort("127.0.0.1", 2222)));
  }

  @Test
  void laterStartSaysNothingAndKeepsThePinOnlyOfAServerWithoutKeys() throws Exception {
    keys = Keys.open(state, identity.pin());
    announce("", "10.1.2.3:2222", false);
    assertEquals(Optional.empty(), credentials.find(new HostPort("10.1.2.3", 2222)));
    announce("", "10.1.2.3:2222", true);
    assertEquals(
        Optional.of(Credentials.Entry.of(identity.pin())),
        credentials.find(new HostPort("10.1.2.3", 2222)));
    assertEquals(List.of(), shell.rest());
  }

  @Test
  void joinCommandThatStdoutDoesNotTakeIsAWarning() throws Exception {
    shell.fills();
    announce("", "10.1.2.3:2222", false);
    Event.Warned warned = (Event.Warned) events.all().getFirst();
    assertTrue(warned.text().contains("'l4proxy key revoke default'"), warned.text());
    assertTrue(warned.text().contains("'l4proxy key create NAME'"), warned.text());
    assertFalse(warned.text().contains("l4p1_"), warned.text());
    assertTrue(credentials.find(new HostPort("10.1.2.3", 2222)).isPresent());
  }

  @Test
  void credentialsThatCannotBeWrittenAreAWarning() throws Exception {
    Files.writeString(home.resolve("config"), "a file where a directory belongs");
    announce("", "10.1.2.3:2222", false);
    assertTrue(shell.line().startsWith("L4PROXY_JOIN="));
    Event.Warned warned = (Event.Warned) events.all().getFirst();
    assertTrue(warned.text().contains(credentials.path().toString()), warned.text());
    assertTrue(warned.text().contains("key create"), warned.text());
  }
}
