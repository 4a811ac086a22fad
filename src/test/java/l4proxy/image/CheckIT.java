package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code check} finds what is wrong, and says of what follows that it was skipped. */
@Timeout(150)
@Tag("beside")
@OneByOne
final class CheckIT {
  @TempDir private Path directory;
  @AutoClose private Account host;
  @AutoClose private EchoBackend backend;

  @BeforeEach
  void open() throws IOException {
    host = new Account(directory.resolve("host"));
    backend = new EchoBackend();
  }

  private Program check(Map<String, String> more, String server, int port, String... words)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("check", "--svr_addr", server));
    all.addAll(Arrays.asList(words));
    all.addAll(List.of("127.0.0.1", String.valueOf(port)));
    return host.l4proxy(more, all.toArray(String[]::new));
  }

  /** The marks of the steps, in their order, for a check that ends so. */
  private static void found(Program check, int code, String... steps) throws InterruptedException {
    assertEquals(code, check.exit(), check.said());
    assertEquals(
        List.of(steps),
        check.out().all().stream()
            .map(line -> line.replaceAll("^(\\S+) +(\\S+) .*", "$1 $2"))
            .toList(),
        check.said());
    assertEquals(List.of(), check.err().all());
    assertFalse(check.out().text().contains("l4p1_"), "a secret is shown");
  }

  private static void says(Program check, String expression) {
    assertEquals(1, check.out().count(expression), check.said());
  }

  @Test
  void allIsWell() throws IOException, InterruptedException {
    host.server();
    Program check = check(Map.of(), host.control(), backend.port());
    found(
        check,
        0,
        "ok name",
        "ok tcp",
        "ok tls",
        "ok credentials",
        "ok pin",
        "ok key",
        "-- port",
        "ok backend",
        "ok descriptors",
        "ok clock");
    says(check, "^ok +clock +as the server's, but for [0-9]+ s$");
  }

  @Test
  void nameWithoutAnAddress() throws IOException, InterruptedException {
    Program check = check(Map.of(), "no-such-host.invalid", backend.port());
    found(
        check,
        1,
        "FAIL name",
        "skip tcp",
        "skip tls",
        "FAIL credentials",
        "skip pin",
        "skip key",
        "skip port",
        "ok backend",
        "ok descriptors",
        "skip clock");
    says(check, "^FAIL +name .* has no address: .*--svr_addr");
    says(check, "^FAIL +credentials .*--join or L4PROXY_JOIN");
  }

  @Test
  void nothingListens() throws IOException, InterruptedException {
    Program check = check(Map.of(), host.control(), backend.port());
    found(
        check,
        1,
        "ok name",
        "FAIL tcp",
        "skip tls",
        "FAIL credentials",
        "skip pin",
        "skip key",
        "skip port",
        "ok backend",
        "ok descriptors",
        "skip clock");
    says(check, "^FAIL +tcp .*: start the server there");
  }

  @Test
  void somethingElseListens() throws IOException, InterruptedException {
    Program check = check(Map.of(), "127.0.0.1:" + backend.port(), backend.port());
    found(
        check,
        1,
        "ok name",
        "ok tcp",
        "FAIL tls",
        "FAIL credentials",
        "skip pin",
        "skip key",
        "skip port",
        "ok backend",
        "ok descriptors",
        "skip clock");
    says(check, "^FAIL +tls .*: name the control port of an l4proxy server");
  }

  @Test
  void keyOfAnotherServer() throws IOException, InterruptedException {
    host.server();
    try (Account other = new Account(directory.resolve("other"))) {
      other.server();
      Program check =
          check(Map.of("L4PROXY_JOIN", other.key("guest")), host.control(), backend.port());
      found(
          check,
          1,
          "ok name",
          "ok tcp",
          "ok tls",
          "ok credentials",
          "FAIL pin",
          "skip key",
          "skip port",
          "ok backend",
          "ok descriptors",
          "skip clock");
      says(check, "^FAIL +pin .*get a new key");
    }
  }

  @Test
  void keyThatWasRevoked() throws IOException, InterruptedException {
    host.server();
    String key = host.key("guest");
    assertEquals(0, host.l4proxy("key", "revoke", "guest", "--svr_addr", host.control()).exit());
    Program check = check(Map.of("L4PROXY_JOIN", key), host.control(), backend.port());
    found(
        check,
        1,
        "ok name",
        "ok tcp",
        "ok tls",
        "ok credentials",
        "ok pin",
        "FAIL key",
        "skip port",
        "ok backend",
        "ok descriptors",
        "ok clock");
    says(check, "^FAIL +key .*'l4proxy key create NAME'");
  }

  @Test
  void backendThatIsDown() throws IOException, InterruptedException {
    host.server();
    Program check = check(Map.of(), host.control(), FreePorts.next());
    found(
        check,
        1,
        "ok name",
        "ok tcp",
        "ok tls",
        "ok credentials",
        "ok pin",
        "ok key",
        "-- port",
        "FAIL backend",
        "ok descriptors",
        "ok clock");
    says(check, "^FAIL +backend .*: start the backend");
  }

  @Test
  void portThatAnotherBackendHas() throws IOException, InterruptedException {
    host.server();
    try (EchoBackend other = new EchoBackend()) {
      Program client = host.client(other.port());
      String port = String.valueOf(Account.publicPort(client));
      Program taken = check(Map.of(), host.control(), backend.port(), "--pub_port", port);
      found(
          taken,
          1,
          "ok name",
          "ok tcp",
          "ok tls",
          "ok credentials",
          "ok pin",
          "ok key",
          "FAIL port",
          "ok backend",
          "ok descriptors",
          "ok clock");
      says(taken, "^FAIL +port +" + port + " is had by the client \\S+: ask for another port");
      Program own = check(Map.of(), host.control(), other.port(), "--pub_port", port);
      assertEquals(0, own.exit(), own.said());
      says(own, "^-- +port +" + port + " is had by the client \\S+ for 127.0.0.1:" + other.port());
      assertTrue(client.isAlive());
      assertEquals(1, client.out().all().size(), client.said());
    }
  }

  /** The address of a client whose users come directly is no port of the server. */
  @Test
  void portThatIsADirectOneElsewhere() throws IOException, InterruptedException {
    host.server();
    Program client = host.client(backend.port(), "--backend_port", String.valueOf(backend.port()));
    client.awaitOut("^PUBLIC ADDRESS: 127.0.0.1:" + backend.port() + "$");
    String port = String.valueOf(backend.port());
    Program check = check(Map.of(), host.control(), FreePorts.next(), "--pub_port", port);
    assertEquals(1, check.exit(), check.said()); // its backend is not there
    says(check, "^-- +port +no client that the key may see has " + port);
  }

  @Test
  void serverWithoutKeys() throws IOException, InterruptedException {
    host.server("--no_auth");
    try (Account guest = new Account(directory.resolve("guest"))) {
      Account.publicPort(guest.clientOf(host.control(), Map.of(), backend.port(), "--no_auth"));
      Program check =
          guest.l4proxy(
              "check", "--svr_addr", host.control(), "127.0.0.1", String.valueOf(backend.port()));
      found(
          check,
          0,
          "ok name",
          "ok tcp",
          "ok tls",
          "-- credentials",
          "ok pin",
          "-- key",
          "-- port",
          "ok backend",
          "ok descriptors",
          "ok clock");
    }
  }

  @Test
  void checkLeavesEveryFileAsItWas() throws IOException, InterruptedException {
    host.server();
    try (Account guest = new Account(directory.resolve("guest"))) {
      Program check =
          guest.l4proxy(
              Map.of("L4PROXY_JOIN", host.key("guest")),
              "check",
              "--svr_addr",
              host.control(),
              "127.0.0.1",
              String.valueOf(backend.port()));
      assertEquals(0, check.exit(), check.said());
      assertEquals(Map.of("config", "directory"), guest.files());
    }
  }

  @Test
  void damagedCredentialsFile() throws IOException, InterruptedException {
    host.server();
    Files.writeString(host.credentials(), "{");
    Program check = check(Map.of(), host.control(), backend.port());
    found(
        check,
        1,
        "ok name",
        "ok tcp",
        "ok tls",
        "FAIL credentials",
        "skip pin",
        "skip key",
        "skip port",
        "ok backend",
        "ok descriptors",
        "skip clock");
    says(check, "^FAIL +credentials .*" + host.credentials().getFileName());
  }

  @Test
  void fewDescriptorsAreAWarning() throws IOException, InterruptedException {
    Program check =
        host.start(
            Map.of(),
            List.of(
                "sh",
                "-c",
                "ulimit -n 500; exec \"$0\" check --svr_addr " + host.control(),
                Account.launcher()));
    assertEquals(1, check.exit(), check.said());
    says(check, "^warn +descriptors +this process may open 500 .*ulimit -n");
  }
}
