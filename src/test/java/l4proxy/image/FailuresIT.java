package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What cannot work ends at once: the right exit code, one sentence on stderr with the cause and the
 * remedy, nothing on stdout, and no file changed.
 */
@Timeout(150)
@Tag("beside")
@OneByOne
final class FailuresIT {
  private static final int NOWHERE = 9;
  private static final String JOINED = "\\S+ INFO connected to server \\S+";
  private static final byte[] BINARY = {0, -1, -2, 7, 10, -128, 0, 13};

  @TempDir private Path directory;
  @AutoClose private Account account;

  @BeforeEach
  void makeAccount() throws IOException {
    account = new Account(directory);
  }

  /** The command ends so; each expression is found in its one sentence. */
  private void fails(
      int code, List<String> expected, Map<String, String> environment, String... words)
      throws IOException, InterruptedException {
    Map<String, String> before = account.files();
    Program program = account.l4proxy(environment, words);
    assertEquals(code, program.exit(), program.said());
    assertEquals(List.of(), program.out().all(), program.said());
    isOneSentence(program);
    String sentence = program.err().text();
    for (String each : expected) {
      assertTrue(
          Pattern.compile(each).matcher(sentence).find(), "expected " + each + " in: " + sentence);
    }
    assertEquals(before, account.files(), "files changed");
  }

  private void fails(int code, String expected, String... words)
      throws IOException, InterruptedException {
    fails(code, List.of(expected), Map.of(), words);
  }

  private static void isOneSentence(Program program) {
    // That it joined is an event in the log; what it could not do is the sentence.
    List<String> lines =
        program.err().all().stream().filter(line -> !line.matches(JOINED)).toList();
    assertEquals(1, lines.size(), program.said());
    String sentence = lines.getFirst();
    assertTrue(sentence.matches("l4proxy: .{20,}[.?]"), "no sentence: " + sentence);
    assertFalse(sentence.contains("Exception"), sentence);
    assertFalse(sentence.contains("\tat "), sentence);
    assertFalse(sentence.contains("null"), sentence);
  }

  private String[] server(String... more) {
    String[] words = {
      "server", "--host", "127.0.0.1", "--ctl_addr", account.control(), "--api_addr", "none"
    };
    return joined(words, more);
  }

  private String[] client(String... more) {
    return joined(new String[] {"client", "--svr_addr", account.control()}, more);
  }

  private static String[] joined(String[] words, String... more) {
    String[] all = Arrays.copyOf(words, words.length + more.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return all;
  }

  private static Map<String, String> join(String key) {
    return Map.of("L4PROXY_JOIN", key);
  }

  // What is said wrong: exit code 2.

  @Test
  void noCommandIsRefused() throws IOException, InterruptedException {
    fails(2, "[Cc]ommand.*--help");
  }

  @ParameterizedTest
  @CsvSource({
    "serve, server",
    "cilent, client",
    "key crate, create",
  })
  void unknownCommandIsRefusedWithTheNearest(String words, String nearest)
      throws IOException, InterruptedException {
    fails(2, nearest, words.split(" ", -1));
  }

  @ParameterizedTest
  @CsvSource({
    "server --hots x, --hots, --host",
    "client --svr_adr x, --svr_adr, --svr_addr",
    "lan --pubport 7, --pubport, --pub_port",
    "key create x --prots 5000, --prots, --ports",
    "demo --twice, --twice, --help",
  })
  void unknownOptionIsRefusedWithTheNearest(String words, String option, String nearest)
      throws IOException, InterruptedException {
    fails(2, List.of(option, nearest), Map.of(), words.split(" ", -1));
  }

  @Test
  void unknownFieldOfAServersFileIsRefusedWithTheNearest()
      throws IOException, InterruptedException {
    Path file = Files.writeString(directory.resolve("server.json"), "{\"stateDri\": \"x\"}");
    fails(
        2,
        List.of("server\\.json", "stateDri", "stateDir\\b"),
        Map.of(),
        server("--config", file.toString()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"sever\": \"localhost\"} | sever | server",
        "{\"services\": [{\"prot\": 22}]} | prot | port",
        "{\"services\": [{\"port\": 22, \"publicprot\": 2022}]} | publicprot | publicPort",
      })
  void unknownFieldOfAClientsFileIsRefusedWithTheNearest(String json, String field, String nearest)
      throws IOException, InterruptedException {
    Path file = Files.writeString(directory.resolve("client.json"), json);
    fails(
        2,
        List.of("client\\.json", "\\b" + field + "\\b", "\\b" + nearest + "\\b"),
        Map.of(),
        client("--config", file.toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "client --pub_port 70000, --pub_port, 70000, 65535",
    "client --pub_port -1, --pub_port, -1, 65535",
    "client 127.0.0.1 70000, port, 70000, 65535",
    "client 127.0.0.1 0, port, 0, 65535",
    "client --svr_addr 127.0.0.1:70000, --svr_addr, 70000, 65535",
    "server --ports 0-5, --ports, 0-5, 65535",
    "server --ports 2000-1000, --ports, 2000-1000, [Pp]ort|range",
    "server --ctl_addr :70000, --ctl_addr, 70000, 65535",
    "server --api_addr 127.0.0.1:x, --api_addr, x, [Pp]ort",
    "server --drain soon, --drain, soon, 30s",
    "key create k --ports 1-70000, --ports, 70000, 65535",
    "lan --pub_port 65536, --pub_port, 65536, 65535",
  })
  void valueOutOfRangeIsRefused(String words, String option, String value, String remedy)
      throws IOException, InterruptedException {
    fails(2, List.of(option, value, remedy), Map.of(), words.split(" ", -1));
  }

  @Test
  void badValueInTheEnvironmentIsRefusedByItsName() throws IOException, InterruptedException {
    fails(
        2,
        List.of("L4PROXY_PUB_PORT", "70000", "65535"),
        Map.of("L4PROXY_PUB_PORT", "70000"),
        client());
  }

  @ParameterizedTest
  @ValueSource(strings = {"l4p1_AAAAAAAAAAAAsecretAAAAAAAAAA", "hunter2-hunter2", "l4p1_"})
  void joinThatIsNoKeyIsRefusedAndNeverRepeated(String key)
      throws IOException, InterruptedException {
    for (boolean typed : List.of(true, false)) {
      if (typed) {
        fails(2, List.of("--join", "join key"), Map.of(), client("--join", key));
      } else {
        fails(2, List.of("L4PROXY_JOIN", "join key"), join(key), client());
      }
      Program last = account.programs().getLast();
      String rest = key.substring(Math.min(key.length(), 5));
      assertFalse(!rest.isEmpty() && last.err().text().contains(rest), last.said());
    }
  }

  @Test
  void keyInThePlaceOfAnArgumentIsNotRepeated() throws IOException, InterruptedException {
    String key = account.keyOfStopped("mine");
    fails(2, "port", client("127.0.0.1", key));
    fails(2, "[Cc]ommand", key); // Account.close() looks for it in stderr
  }

  // What the server says no to: exit code 1.

  @Test
  void clientWithoutAnyKeyIsToldWhereOneMayBe() throws IOException, InterruptedException {
    fails(
        1,
        List.of("--join", "L4PROXY_JOIN", "--config", "credentials\\.json", "key create"),
        Map.of(),
        client("127.0.0.1", "9"));
  }

  @Test
  void wrongKeyIsRefused() throws IOException, InterruptedException {
    String key = account.keyOfStopped("right");
    account.server();
    fails(
        1,
        List.of("key", account.control(), "l4proxy key create"),
        join(Secrets.withAnotherSecret(key)),
        client("127.0.0.1", "9"));
  }

  @Test
  void keyOfAnotherServerIsRefused() throws IOException, InterruptedException {
    try (Account other = new Account(directory.resolve("other"))) {
      String key = other.keyOfStopped("elsewhere");
      account.server();
      fails(
          1,
          List.of("public key", account.control(), "key create"),
          join(key),
          client("127.0.0.1", "9"));
      fails(
          1,
          List.of("public key", account.control(), "key create"),
          join(key),
          "key",
          "list",
          "--svr_addr",
          account.control());
    }
  }

  @Test
  void portThatIsNotGrantedToTheKeyIsRefused() throws IOException, InterruptedException {
    String key = account.keyOfStopped("few", "--ports", "20000-20010");
    account.remember(key);
    account.server();
    fails(
        1,
        List.of("20011", "not granted", "20000-20010", "another key"),
        join(key),
        client("--pub_port", "20011", "127.0.0.1", "9"));
  }

  @Test
  void portThatTheServerDoesNotHaveIsRefused() throws IOException, InterruptedException {
    String key = account.keyOfStopped("all");
    account.remember(key);
    account.server("--ports", "20000-20010");
    fails(
        1,
        List.of("20011", "20000-20010", "--ports"),
        join(key),
        client("--pub_port", "20011", "127.0.0.1", "9"));
  }

  @Test
  void portOfAnotherProgramIsRefused() throws IOException, InterruptedException {
    String key = account.keyOfStopped("all");
    account.remember(key);
    int taken = FreePorts.next();
    account.server("--ports", "5000-9999");
    try (ServerSocket holder = new ServerSocket()) {
      holder.bind(FreePorts.loopback(taken));
      fails(
          1,
          List.of(String.valueOf(taken), "in use", "--pub_port"),
          join(key),
          client("--pub_port", String.valueOf(taken), "127.0.0.1", "9"));
    }
  }

  @Test
  void portOfAnotherKeyIsRefused() throws IOException, InterruptedException {
    String first = account.keyOfStopped("first");
    String second = account.keyOfStopped("second");
    account.remember(second);
    account.server();
    int port = Account.publicPort(account.client(join(first), NOWHERE));
    await().until(() -> Files.exists(account.state().resolve("leases.json")));
    fails(
        1,
        List.of(String.valueOf(port), "another client", "--pub_port"),
        join(second),
        client("--pub_port", String.valueOf(port), "127.0.0.1", "9"));
  }

  @Test
  void plainTunnelsAreRefusedByAServerThatWantsNone() throws IOException, InterruptedException {
    String key = account.keyOfStopped("plain");
    account.remember(key);
    account.server("--tls_only");
    fails(1, "--plain_tunnels", join(key), client("--plain_tunnels", "127.0.0.1", "9"));
  }

  private void fails(int code, String expected, Map<String, String> environment, String... words)
      throws IOException, InterruptedException {
    fails(code, List.of(expected), environment, words);
  }

  // What the machine says no to: exit code 1.

  @Test
  void controlPortInUseIsRefusedBeforeAnyStateIsMade() throws IOException, InterruptedException {
    try (ServerSocket holder = new ServerSocket()) {
      holder.bind(FreePorts.loopback(account.controlPort()));
      fails(1, List.of(account.control(), "in use", "--ctl_addr"), Map.of(), server());
    }
  }

  @Test
  void apiPortInUseIsRefusedBeforeAnyStateIsMade() throws IOException, InterruptedException {
    try (ServerSocket holder = new ServerSocket()) {
      holder.bind(FreePorts.loopback(0));
      String address = "127.0.0.1:" + holder.getLocalPort();
      fails(
          1,
          List.of(address, "in use", "--api_addr"),
          Map.of(),
          "server",
          "--ctl_addr",
          account.control(),
          "--api_addr",
          address);
    }
  }

  @Test
  void lanPortInUseIsRefused() throws IOException, InterruptedException {
    try (ServerSocket holder = new ServerSocket()) {
      holder.bind(FreePorts.loopback(0));
      fails(
          1,
          List.of(String.valueOf(holder.getLocalPort()), "in use", "--pub_port"),
          Map.of(),
          "lan",
          "--pub_port",
          String.valueOf(holder.getLocalPort()),
          "127.0.0.1",
          "9");
    }
  }

  @Test
  void stateDirectoryThatCannotBeMadeIsRefused() throws IOException, InterruptedException {
    Path file = Files.writeString(directory.resolve("file"), "no directory");
    for (String path : List.of(file.resolve("state").toString(), file.toString(), "/proc/state")) {
      fails(1, List.of(Pattern.quote(path), "--state_dir"), Map.of(), server("--state_dir", path));
      fails(
          1,
          List.of(Pattern.quote(path), "--state_dir"),
          Map.of(),
          "key",
          "create",
          "x",
          "--state_dir",
          path);
    }
    assertEquals("no directory", Files.readString(file));
  }

  @Test
  void stateDirectoryOfARunningServerIsRefused() throws IOException, InterruptedException {
    account.server();
    String state = Pattern.quote(account.state().toString());
    fails(
        1,
        List.of(state, "[Aa]nother server", "stop it"),
        Map.of(),
        "server",
        "--ctl_addr",
        "127.0.0.1:" + FreePorts.next(),
        "--api_addr",
        "none");
    fails(
        1,
        List.of(state, "[Aa]nother server", "stop it"),
        Map.of(),
        "key",
        "create",
        "x",
        "--state_dir",
        account.state().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"identity.pem", "keys.json", "leases.json"})
  void damagedStateStopsTheServer(String name) throws IOException, InterruptedException {
    Program server = account.server();
    Account.publicPort(account.client(NOWHERE)); // so that there is a lease
    server.terminate();
    assertEquals(0, server.exit(), server.said());
    account.programs().forEach(Program::close);
    Path file = account.state().resolve(name);
    byte[] good = Files.readAllBytes(file);
    for (byte[] bad : damaged(good)) {
      Files.write(file, bad);
      fails(1, List.of(Pattern.quote(file.toString()), "backup|move it away"), Map.of(), server());
    }
    Files.write(file, good);
    account.server();
  }

  @Test
  void missingIdentityStopsAServerThatHasKeys() throws IOException, InterruptedException {
    Program server = account.server();
    server.terminate();
    assertEquals(0, server.exit(), server.said());
    Files.delete(account.state().resolve("identity.pem"));
    fails(1, List.of("identity.pem is missing", "keys.json", "backup"), Map.of(), server());
  }

  @Test
  void damagedCredentialsStopTheClient() throws IOException, InterruptedException {
    account.server();
    Path file = account.credentials();
    for (byte[] bad : damaged(Files.readAllBytes(file))) {
      Files.write(file, bad);
      fails(
          1,
          List.of(Pattern.quote(file.toString()), "backup|move it away"),
          Map.of(),
          client("127.0.0.1", "9"));
      fails(
          1,
          List.of(Pattern.quote(file.toString()), "backup|move it away"),
          Map.of(),
          "key",
          "list",
          "--svr_addr",
          account.control());
    }
  }

  /** Cut off, empty, and no text at all. */
  private static List<byte[]> damaged(byte[] good) {
    return List.of(Arrays.copyOf(good, good.length / 2), new byte[0], BINARY);
  }

  @Test
  void commandsSayWhenNoServerIsThere() throws IOException, InterruptedException {
    String key = account.keyOfStopped("lonely");
    fails(
        1,
        List.of(account.control(), "running", "--svr_addr"),
        join(key),
        "key",
        "list",
        "--svr_addr",
        account.control());
  }

  @Test
  void fileThatIsNotThereIsRefused() throws IOException, InterruptedException {
    String missing = directory.resolve("missing.json").toString();
    fails(1, List.of("--config", Pattern.quote(missing)), Map.of(), client("--config", missing));
    fails(1, List.of("--config", Pattern.quote(missing)), Map.of(), server("--config", missing));
  }
}
