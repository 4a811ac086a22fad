package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class CliTest {
  private static final String SECRET = "l4p1_" + "S".repeat(86);

  @TempDir Path home;
  private TestShell shell;

  @BeforeEach
  void open() throws Exception {
    shell = new TestShell(home);
  }

  private static List<String> words(String line) {
    return line.isEmpty()
        ? List.of()
        : Stream.of(line.split(" ")).map(word -> word.equals("''") ? "" : word).toList();
  }

  static Stream<Arguments> misuses() {
    return Stream.of(
        Arguments.of("", "A command is missing; 'l4proxy --help' lists them."),
        Arguments.of("cleint", "There is no command cleint; did you mean client?"),
        Arguments.of("frobnicate", "There is no command frobnicate; 'l4proxy --help' lists them."),
        Arguments.of("key", "The command key is one of: key create, key list, key revoke."),
        Arguments.of(
            "key remove x", "The command key is one of: key create, key list, key revoke."),
        Arguments.of("client --drian 5s", "There is no option --drian; did you mean --drain?"),
        Arguments.of(
            "client --svr-adr x", "There is no option --svr-adr; did you mean --svr_addr?"),
        Arguments.of("client -x", "There is no option -x; did you mean -h?"),
        Arguments.of("server --frobnicate", "There is no option --frobnicate; --help lists them."),
        Arguments.of("client --drain", "--drain needs a value behind it."),
        Arguments.of("client --drain --", "--drain: \"--\" is no value."),
        Arguments.of(
            "client --drain soon",
            "--drain: \"soon\" is not a time: expected 500ms, 30s, 2m, 1h, or a number of"
                + " seconds."),
        Arguments.of(
            "client --drain 999999999h",
            "--drain: \"999999999h\" is not a time of at most a year, 8760h."),
        Arguments.of(
            "client --limit_rate 9300000000G",
            "--limit_rate: \"9300000000G\" is not a rate: expected bytes a second, such as 20000,"
                + " 500k or 10M, at most 2G; 0: none."),
        Arguments.of(
            "client --drain -5",
            "--drain: \"-5\" is not a time: expected 500ms, 30s, 2m, 1h, or a number of seconds."),
        Arguments.of(
            "client --pub_port 65536",
            "--pub_port: \"65536\" is not a port from 1 to 65535, or 0 for any free one."),
        Arguments.of("client --no_auth=yes", "--no_auth: \"yes\" is not true or false."),
        Arguments.of(
            "client --svr_addr a:b:c:99",
            "--svr_addr: \"a:b:c:99\" is not an address: expected host:port, host or [IPv6]:port,"
                + " with a port of at most 65535."),
        Arguments.of(
            "client --svr_addr :2222",
            "--svr_addr: \":2222\" is not the address of a server: expected host, host:port or"
                + " [IPv6]:port."),
        Arguments.of(
            "client --client_name a/b",
            "--client_name: \"a/b\" is not a display name: expected 1 to 19 letters, digits, '-',"
                + " '_' or '.'."),
        Arguments.of("client 127.0.0.1 0", "port: \"0\" is not a port from 1 to 65535."),
        Arguments.of("client 127.0.0.1 ssh", "port: \"ssh\" is not a port from 1 to 65535."),
        Arguments.of(
            "client host:22",
            "A backend's host and port are two words, such as 127.0.0.1 8000, and not"
                + " \"host:22\"."),
        Arguments.of(
            "client 8000",
            "A backend's host and port are two words, such as 127.0.0.1 8000, and not \"8000\"."),
        Arguments.of(
            "client host:22 23", "host: \"host:22\" is not a host name or address without a port."),
        Arguments.of(
            "client lst",
            "There is no command client lst; did you mean client list? To expose a host of that"
                + " name give its port too."),
        Arguments.of(
            "client 127.0.0.1 22 23",
            "Expected at most a host and a port, but \"23\" follows them."),
        Arguments.of(
            "server here",
            "This command takes no arguments, but was given \"here\"; --help shows what it takes."),
        Arguments.of(
            "server --ports 1-70000",
            "--ports: \"1-70000\" is not a set of ports: expected ports and ranges between 1 and"
                + " 65535, such as 80,1024-65535."),
        Arguments.of(
            "server --host a:1", "--host: \"a:1\" is not a host name or address without a port."),
        Arguments.of(
            "server --config ''", "--config: \"\" is not the path of a file or directory."),
        Arguments.of("redirect --display web --key ''", "--key: \"\" is not a name."),
        Arguments.of("client list user --client_name ''", "--client_name: \"\" is not a name."),
        Arguments.of(
            "server --tls_cert x", "--tls_cert and --tls_key need each other: give both or none."),
        Arguments.of(
            "server --api_addr 0.0.0.0:0",
            "--api_addr: 0.0.0.0:0 is not a loopback address, and keys would travel unencrypted:"
                + " use 127.0.0.1 or none, since the control port serves the API too, or add"
                + " --api_insecure."),
        Arguments.of(
            "key create", "Expected one name of a key behind the options, but there are 0."),
        Arguments.of(
            "key revoke a b", "Expected one name of a key behind the options, but there are 2."),
        Arguments.of(
            "key create --max_services x a",
            "--max_services: \"x\" is not a whole number of at most 999999999, 0 for no bound."),
        Arguments.of(
            "server --max_users 9999999999",
            "--max_users: \"9999999999\" is not a whole number of at most 999999999, 0 for no"
                + " bound."));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "client close ''",
        "client close user web ''",
        "server forwarder close ''",
        "key create ''",
        "key revoke ''"
      })
  void emptyNameIsOneSentenceAndExitCode2(String line) {
    shell.environment.put("L4PROXY_JOIN", "l4p1_" + "A".repeat(86));
    misuseIsOneSentenceAndExitCode2(
        line,
        "An argument is empty, perhaps by a variable that is not set; --help shows what this"
            + " command takes.");
  }

  @ParameterizedTest
  @MethodSource("misuses")
  void misuseIsOneSentenceAndExitCode2(String line, String sentence) {
    int code = shell.run(words(line).toArray(new String[0]));
    assertAll(
        () -> assertEquals("l4proxy: " + sentence + System.lineSeparator(), shell.err()),
        () -> assertEquals(2, code),
        () -> assertEquals(List.of(), shell.rest()));
  }

  static Stream<String> placesForSecrets() {
    return Stream.of(
        "client --join " + SECRET + "x",
        "client --join=x" + SECRET,
        "client --jion " + SECRET,
        "client --jion=" + SECRET,
        "client --svr_addr " + SECRET,
        "client " + SECRET,
        "client 127.0.0.1 " + SECRET,
        "client 127.0.0.1 22 " + SECRET,
        "client --client_name " + SECRET,
        "client --drain " + SECRET,
        "client --" + SECRET,
        "server " + SECRET,
        "lan --pub_port " + SECRET,
        SECRET,
        "key " + SECRET);
  }

  @ParameterizedTest
  @MethodSource("placesForSecrets")
  void noMessageRepeatsTheSecretOfAKeyGivenInTheWrongPlace(String line) {
    int code = shell.run(words(line).toArray(new String[0]));
    assertEquals(2, code, shell.err());
    assertFalse(shell.err().contains("S".repeat(50)), shell.err());
  }

  @Test
  void keyInTheEnvironmentThatCannotBeReadIsNamedButNotRepeated() {
    shell.environment.put("L4PROXY_JOIN", "l4p1_" + "S".repeat(60));
    assertEquals(2, shell.run("client"));
    assertEquals(
        "l4proxy: L4PROXY_JOIN: A join key is 91 characters long; this text has 65: was it copied"
            + " whole?"
            + System.lineSeparator(),
        shell.err());
  }

  @Test
  void helpGoesToStdoutAndIsNoFailure() throws Exception {
    for (String help : List.of("-h", "--help")) {
      assertEquals(0, shell.run(help));
      assertEquals("Usage: l4proxy COMMAND [options] [arguments]", shell.line());
      shell.rest();
    }
    assertEquals(0, shell.run("key", "--help"));
    assertEquals("Usage: l4proxy COMMAND [options] [arguments]", shell.line());
    assertEquals("", shell.err());
  }

  @Test
  void helpOfACommandListsEachOptionWithItsVariableAndDefault() {
    assertEquals(0, shell.run("client", "--help"));
    String help = String.join("\n", shell.rest());
    assertTrue(help.startsWith("Usage: l4proxy client [options] [host=127.0.0.1] [port=22]\n"));
    assertTrue(help.contains("--svr_addr HOST[:PORT]"), help);
    assertTrue(help.contains("[L4PROXY_SVR_ADDR, server, default 127.0.0.1:2222]"), help);
    assertTrue(help.contains("[L4PROXY_PUB_PORT, default 0]"), help);
    assertTrue(help.contains("[L4PROXY_DRAIN, drain, default 30s]"), help);
    assertEquals("", shell.err());
  }

  static Stream<String> commands() {
    return Commands.ALL.stream().map(Commands.Entry::name);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void helpOfEveryCommandFitsATerminalAndDescribesEveryOption(String name) {
    List<String> words = new ArrayList<>(words(name));
    words.add("-h");
    assertEquals(0, shell.run(words.toArray(new String[0])), shell.err());
    List<String> lines = shell.rest();
    assertEquals(List.of(), lines.stream().filter(line -> line.length() > 100).toList());
    String help = String.join("\n", lines);
    Command command =
        Commands.ALL.stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow().create();
    new Options(command)
        .byName()
        .values()
        .forEach(option -> {
          String description = option.declared().getDescription();
          assertFalse(description.isBlank(), option.name());
          assertTrue(help.contains("\n  " + option.name() + " "), option.name());
          assertEquals(
              command.inEnvironment(option), help.contains(option.variable()), option.name());
        });
  }

  @ParameterizedTest
  @CsvSource({
    "server forwarder --svr_addr 127.0.0.1:9, L4PROXY_ALLOW",
    "key create --svr_addr 127.0.0.1:9 web, L4PROXY_PORTS"
  })
  void variableThatMeansSomethingElseToAServerIsNotTaken(String line, String variable) {
    shell.environment.put(variable, "what no option takes");
    assertEquals(1, shell.run(words(line).toArray(new String[0])), shell.err());
    assertTrue(shell.err().contains("There is no key for the server"), shell.err());
    shell.run(words(line + " --help").toArray(new String[0]));
    assertFalse(String.join(" ", shell.rest()).contains(variable));
  }

  @ParameterizedTest
  @ValueSource(strings = {"--help", "--version", "man", "completion bash"})
  void resultThatStdoutDoesNotTakeIsAFailure(String line) {
    shell.fills();
    assertEquals(1, shell.run(words(line).toArray(new String[0])));
    assertEquals(
        "l4proxy: Stdout takes nothing more (its disk is full, or who read it is gone): run this"
            + " again with another."
            + System.lineSeparator(),
        shell.err());
  }

  @Test
  void versionIsShown() throws Exception {
    assertEquals(0, shell.run("--version"));
    assertTrue(shell.line().startsWith("l4proxy "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-h", "--help", "--version"})
  void manualPageNamesWhatStandsForNoCommand(String option) {
    assertEquals(0, shell.run("man"));
    Pattern named = Pattern.compile(Pattern.quote(option.replace("-", "\\-")) + "\\s");
    assertTrue(named.matcher(String.join("\n", shell.rest())).find());
  }

  @Test
  void missingKeyNamesEveryPlaceForOne() {
    assertEquals(1, shell.run("client", "--svr_addr", "127.0.0.1:9"));
    String message = shell.err();
    for (String place :
        List.of(
            "--join",
            "L4PROXY_JOIN",
            "--config",
            "credentials.json",
            "terminal",
            "redirected",
            "key create")) {
      assertTrue(message.contains(place), message);
    }
    assertEquals(1, message.lines().count());
  }

  @Test
  void missingConfigFileIsNamed() {
    Path file = home.resolve("none.json");
    assertEquals(1, shell.run("client", "--config", file.toString()));
    assertEquals(
        "l4proxy: --config: there is no file " + file + "." + System.lineSeparator(), shell.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"list", "revoke admin"})
  void keysOfADirectoryWithoutAServerAreNotMadeToBeLookedAt(String what) throws Exception {
    for (Path directory : List.of(home.resolve("typo"), Files.createDirectory(home.resolve("x")))) {
      List<String> words = new ArrayList<>(words("key " + what));
      words.addAll(List.of("--state_dir", directory.toString()));
      assertEquals(1, shell.run(words.toArray(new String[0])));
      assertTrue(
          shell.err().contains("l4proxy: There is no server's state in " + directory + ": give"),
          shell.err());
    }
    assertFalse(Files.exists(home.resolve("typo")));
    try (Stream<Path> files = Files.list(home.resolve("x"))) {
      assertEquals(List.of(), files.toList());
    }
    assertEquals(2, shell.err().lines().count(), shell.err());
  }

  @ParameterizedTest
  @CsvSource({"'', Is a directory", "none/access.log, no such file or directory"})
  void accessLogThatCannotBeWrittenIsNamedWithTheReason(String name, String reason) {
    Path file = home.resolve(name);
    assertEquals(
        1, shell.run("server", "--ctl_addr", "127.0.0.1:0", "--access_log", file.toString()));
    assertEquals(
        "l4proxy: --access_log: cannot write to "
            + file
            + " ("
            + reason
            + "); its directory must be there, and this user must be allowed to write to it."
            + System.lineSeparator(),
        shell.err());
  }

  @Test
  void configFileWithoutEndIsNamed() {
    assertEquals(2, shell.run("client", "--config", "/dev/zero"));
    assertEquals(
        "l4proxy: --config: /dev/zero is longer than 1048576 bytes." + System.lineSeparator(),
        shell.err());
  }

  @Test
  void configFileThatIsNoTextIsNamed() throws Exception {
    Path file = Files.write(home.resolve("binary.json"), new byte[] {'{', (byte) 0xff, '}'});
    assertEquals(1, shell.run("client", "--config", file.toString()));
    assertEquals(
        "l4proxy: --config: cannot read "
            + file
            + "; it must be a text file in UTF-8 that this user may read."
            + System.lineSeparator(),
        shell.err());
  }

  @Test
  void damagedCredentialsAreNamedAndLeftAlone() throws Exception {
    Path file = home.resolve("config/l4proxy/credentials.json");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "{\"127.0.0.1:9\":{\"key\":\"" + SECRET);
    assertEquals(1, shell.run("client", "--svr_addr", "127.0.0.1:9"));
    assertTrue(shell.err().contains(file.toString()), shell.err());
    assertFalse(shell.err().contains(SECRET), shell.err());
    assertEquals("{\"127.0.0.1:9\":{\"key\":\"" + SECRET, Files.readString(file));
  }

  @Test
  void wordsOfAServerCannotSteerTheTerminal() {
    shell.shell().warn("refused\n\u001b[2Jand \u009bmore");
    assertEquals("l4proxy: refused  [2Jand  more" + System.lineSeparator(), shell.err());
  }

  @Test
  void serverThatIsNotThereIsNamed() {
    shell.environment.put("L4PROXY_JOIN", "l4p1_" + "A".repeat(86));
    assertEquals(1, shell.run("key", "list", "--svr_addr", "127.0.0.1:9"));
    assertTrue(
        shell.err().startsWith("l4proxy: Cannot talk to the server at 127.0.0.1:9 ("), shell.err());
    assertEquals(1, shell.err().lines().count());
  }
}
