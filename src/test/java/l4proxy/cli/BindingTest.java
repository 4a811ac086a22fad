package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import l4proxy.client.Handling;
import l4proxy.client.HealthCheck;
import l4proxy.client.ProxyProtocol;
import l4proxy.client.ServiceConfig;
import l4proxy.net.CidrList;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.server.Limits;
import l4proxy.server.ServerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BindingTest {
  @TempDir Path directory;
  private final Map<String, String> environment = new HashMap<>();

  private ServerConfig server(String... words) throws Exception {
    ServerCommand command = new ServerCommand();
    assertTrue(new Binding(command, new Options(command)).fill(List.of(words), environment));
    return command.config();
  }

  private List<ServiceConfig> services(String... words) throws Exception {
    ClientCommand command = new ClientCommand();
    assertTrue(new Binding(command, new Options(command)).fill(List.of(words), environment));
    return command.services();
  }

  private String file(String text) throws Exception {
    return Files.writeString(directory.resolve("config.json"), text).toString();
  }

  private static final Limits LIMITS =
      new Limits(Limits.mostUsers(), 0, 0, 0, Optional.empty(), Optional.empty());

  private static ServiceConfig service(String name, String host, int port, int publicPort) {
    return ServiceConfig.of(name, new HostPort(host, port), publicPort);
  }

  @Test
  void serverWithoutOptionsHasTheDefaults() throws Exception {
    assertEquals(
        new ServerConfig(
            new HostPort("", 2222),
            Optional.empty(),
            Optional.of(new HostPort("127.0.0.1", 2223)),
            PortRanges.parse("1024-65535"),
            false,
            false,
            false,
            LIMITS,
            Duration.ofSeconds(30)),
        server());
  }

  @Test
  void clientWithoutArgumentsExposesSsh() throws Exception {
    assertEquals(List.of(service("unknown", "127.0.0.1", 22, 0)), services());
  }

  @Test
  void argumentsAreTheBackend() throws Exception {
    assertEquals(List.of(service("unknown", "10.0.0.7", 22, 0)), services("10.0.0.7"));
    assertEquals(List.of(service("unknown", "::1", 80, 0)), services("::1", "80"));
    assertEquals(
        List.of(service("unknown", "web", 80, 8080)), services("web", "--pub_port", "8080", "80"));
  }

  @Test
  void flagCountsBeforeEnvironmentBeforeFileBeforeDefault() throws Exception {
    String file = file("{\"drain\":\"3s\"}");
    assertEquals(Duration.ofSeconds(3), server("--config", file).drain());
    environment.put("L4PROXY_DRAIN", "2s");
    assertEquals(Duration.ofSeconds(2), server("--config", file).drain());
    assertEquals(Duration.ofSeconds(1), server("--config", file, "--drain", "1s").drain());
    environment.clear();
    assertEquals(Duration.ofSeconds(30), server().drain());
  }

  @Test
  void flagTurnsOffWhatTheEnvironmentTurnsOn() throws Exception {
    environment.put("L4PROXY_NO_AUTH", "true");
    assertTrue(server().noAuth());
    assertFalse(server("--no_auth=false").noAuth());
  }

  @Test
  void valueThatIsOverruledNeedNotBeGood() throws Exception {
    environment.put("L4PROXY_DRAIN", "nonsense");
    assertEquals(Duration.ofSeconds(1), server("--drain=1").drain());
  }

  @Test
  void emptyVariableIsNone() throws Exception {
    environment.put("L4PROXY_DRAIN", "");
    assertEquals(Duration.ofSeconds(30), server().drain());
  }

  @Test
  void fileMayBeNamedInTheEnvironment() throws Exception {
    environment.put("L4PROXY_CONFIG", file("{\"drain\":7}"));
    assertEquals(Duration.ofSeconds(7), server().drain());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--ctl_addr :99",
        "--ctl-addr :99",
        "--ctl_addr=:99",
        "--ctl-addr=:99",
        "--ctl_addr :1 --ctl-addr :99"
      })
  void optionMayBeWrittenInSeveralWays(String words) throws Exception {
    assertEquals(new HostPort("", 99), server(words.split(" ")).ctlAddr());
  }

  @Test
  void timesMayBeWrittenInSeveralWays() throws Exception {
    assertEquals(Duration.ofMillis(500), server("--drain", "500ms").drain());
    assertEquals(Duration.ofSeconds(45), server("--drain", "45").drain());
    assertEquals(Duration.ofMinutes(2), server("--drain", "2m").drain());
    assertEquals(Duration.ofHours(1), server("--drain", "1h").drain());
    assertEquals(Duration.ZERO, server("--drain", "0").drain());
  }

  @Test
  void apiMayBeAnywhereOnLoopbackOrNowhereOrInsecure() throws Exception {
    assertEquals(Optional.empty(), server("--api_addr", "none").apiAddr());
    assertEquals(Optional.of(new HostPort("::1", 0)), server("--api_addr", "[::1]:0").apiAddr());
    assertEquals(
        Optional.of(new HostPort("", 80)), server("--api_addr", ":80", "--api_insecure").apiAddr());
  }

  @Test
  void everythingAServerIsToldMayStandInItsFile() throws Exception {
    String file =
        file(
            """
            {"ctlAddr": "127.0.0.1:1", "host": "example.org", "apiAddr": "none", "ports": "80,2000-3000",
             "noAuth": true, "tlsOnly": true, "drain": 5, "maxUsers": 100, "maxUsersPerIp": 10,
             "maxUsersPerService": 50, "userRatePerIp": 5, "allow": "10.0.0.0/8,2001:db8::/32",
             "deny": "10.1.0.0/16"}\
            """);
    assertEquals(
        new ServerConfig(
            new HostPort("127.0.0.1", 1),
            Optional.of("example.org"),
            Optional.empty(),
            PortRanges.parse("80,2000-3000"),
            true,
            true,
            false,
            new Limits(
                100,
                10,
                50,
                5,
                Optional.of(CidrList.parse("10.0.0.0/8,2001:db8::/32")),
                Optional.of(CidrList.parse("10.1.0.0/16"))),
            Duration.ofSeconds(5)),
        server("--config", file));
  }

  @Test
  void servicesOfAFileHaveDefaultsAndFlagsCountForAll() throws Exception {
    String file =
        file(
            """
            {"server": "example.org", "services": [
              {"name": "web", "host": "10.0.0.7", "port": 80, "publicPort": 8080, "plainTunnels": true},
              {}]}\
            """);
    assertEquals(
        List.of(
            new ServiceConfig(
                "web",
                new HostPort("10.0.0.7", 80),
                8080,
                true,
                Optional.empty(),
                0,
                Optional.empty()),
            service("unknown", "127.0.0.1", 22, 0)),
        services("--config", file));
    environment.put("L4PROXY_CLIENT_NAME", "all");
    assertEquals(
        List.of(service("all", "10.0.0.7", 80, 0), service("all", "127.0.0.1", 22, 0)),
        services("--config", file, "--pub_port=0", "--plain_tunnels=false"));
  }

  @Test
  void usersMayBeUnbounded() throws Exception {
    assertEquals(Limits.NONE, server("--max_users", "0").limits());
  }

  @ParameterizedTest
  @CsvSource({
    "--max_users -1, --max_users: \"-1\" is not",
    "--max_users_per_ip 1.5, --max_users_per_ip: \"1.5\" is not a whole number",
    "--user_rate_per_ip all, --user_rate_per_ip: \"all\" is not",
    "--allow 10.0.0.1/8, --allow: \"10.0.0.1/8\" is an address within a range",
    "--deny example.org, --deny: \"example.org\" is no range",
  })
  void limitThatIsNoneIsNamed(String words, String start) {
    UsageException e = assertThrows(UsageException.class, () -> server(words.split(" ")));
    assertTrue(String.valueOf(e.getMessage()).startsWith(start), e.getMessage());
  }

  @Test
  void howUsersComeToABackendIsSaidForEachService() throws Exception {
    String file =
        file(
            """
            {"services": [
              {"name": "a", "limitRate": "10M", "proxyProtocol": "v2", "health": "http:/up",
               "healthInterval": 5},
              {"name": "b", "limitRate": 500}]}\
            """);
    HealthCheck check = new HealthCheck(HealthCheck.Kind.parse("http:/up"), Duration.ofSeconds(5));
    assertEquals(
        List.of(
            new Handling(10_000_000, Optional.of(ProxyProtocol.V2), Optional.of(check)),
            new Handling(500, Optional.empty(), Optional.empty())),
        handlings("--config", file));
    check = new HealthCheck(HealthCheck.Kind.parse("tcp"), Duration.ofSeconds(2));
    assertEquals(
        List.of(new Handling(20_000, Optional.of(ProxyProtocol.V1), Optional.of(check))),
        handlings("--limit_rate=20k", "--proxy_protocol=v1", "--health=tcp"));
    assertEquals(List.of(Handling.USUAL), handlings("--limit_rate", "0"));
  }

  private List<Handling> handlings(String... words) throws Exception {
    return services(words).stream().map(ServiceConfig::handling).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "999, 999",
    "500k, 500000",
    "10M, 10000000",
    "2G, 2000000000",
    "2000000000, 2000000000"
  })
  void rateMayHaveASuffix(String text, int rate) throws Exception {
    assertEquals(rate, handlings("--limit_rate", text).getFirst().limitRate());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--limit_rate -1",
        "--limit_rate 3G",
        "--limit_rate 2000000001",
        "--limit_rate 9300000000G", // overflows a long, to a negative number
        "--limit_rate 9999999999G",
        "--limit_rate 10m",
        "--limit_rate 1.5M",
        "--limit_rate 99999999999",
        "--proxy_protocol v3",
        "--health udp",
        "--health http:index.html",
        "--health tcp --health_interval 50ms",
        "--health tcp --health_interval 2h",
        "--health_interval 2s"
      })
  void handlingThatIsNoneIsRefused(String words) {
    UsageException e = assertThrows(UsageException.class, () -> services(words.split(" ")));
    assertTrue(String.valueOf(e.getMessage()).startsWith("--"), e.getMessage());
  }

  @Test
  void fileWithoutServicesLeavesTheBackendToTheArguments() throws Exception {
    String file = file("{\"server\": \"example.org\"}");
    assertEquals(
        List.of(service("unknown", "127.0.0.1", 80, 0)),
        services("--config", file, "127.0.0.1", "80"));
  }

  @Test
  void fileWithoutServicesAndNoArgumentsExposesNothing() throws Exception {
    String file = file("{\"server\": \"example.org\"}");
    UsageException e = assertThrows(UsageException.class, () -> services("--config", file));
    assertEquals(
        file
            + " has no service in it, and no argument names a backend: add \"services\", or give"
            + " host and port behind the options.",
        e.getMessage());
  }

  @Test
  void backendCannotBeGivenTwice() throws Exception {
    String file = file("{\"services\": [{}]}");
    assertThrows(UsageException.class, () -> services("--config", file, "127.0.0.1"));
  }

  @Test
  void publicPortCannotBeAskedForTwice() throws Exception {
    String file = file("{\"services\": [{\"port\": 1}, {\"port\": 2}]}");
    UsageException e =
        assertThrows(UsageException.class, () -> services("--config", file, "--pub_port=80"));
    assertEquals(
        "Two services ask for the public port 80; give each its own, or 0 for any, or give both"
            + " --share_public_port.",
        e.getMessage());
  }

  static Stream<Arguments> badFiles() {
    return Stream.of(
        Arguments.of("", "It is not valid JSON (line 1 column 1)."),
        Arguments.of("[]", "It is not a JSON object."),
        Arguments.of("{} {}", "It is not valid JSON (line 1 column 5)."),
        Arguments.of("{\"drain\": 5,}", "It is not valid JSON (line 1 column 14)."),
        Arguments.of("{\"drian\": 5}", "there is no field \"drian\"; did you mean drain?"),
        Arguments.of("{\"service\": []}", "there is no field \"service\"; did you mean services?"),
        Arguments.of(
            "{\"publicPort\": 5}",
            "there is no field \"publicPort\"; expected drain, join, noAuth, server, services,"
                + " stateDir."),
        Arguments.of(
            "{\"services\": [{\"publicport\": 5}]}",
            "there is no field \"services[0].publicport\"; did you mean publicPort?"),
        Arguments.of("{\"drain\": 5, \"drain\": 6}", "\"drain\" is given twice."),
        Arguments.of(
            "{\"services\": [{}, {\"port\": 1, \"port\": 1}]}",
            "\"services[1].port\" is given twice."),
        Arguments.of("{\"server\": 5}", "\"server\" is not a string."),
        Arguments.of("{\"server\": null}", "\"server\" is not a string."),
        Arguments.of("{\"noAuth\": \"true\"}", "\"noAuth\" is not true or false."),
        Arguments.of(
            "{\"drain\": true}",
            "\"drain\" is not a string such as \"30s\", or a whole number of seconds."),
        Arguments.of(
            "{\"drain\": 1e3}",
            "\"drain\" is not a string such as \"30s\", or a whole number of seconds."),
        Arguments.of(
            "{\"services\": [{\"limitRate\": 1.5}]}",
            "\"services[0].limitRate\" is not a string such as \"10M\", or a whole number of bytes"
                + " a second."),
        Arguments.of("{\"services\": {}}", "\"services\" is not an array of objects."),
        Arguments.of("{\"services\": [1]}", "\"services\" is not an array of objects."),
        Arguments.of("{\"services\": []}", "\"services\" is empty; expected at least one."),
        Arguments.of(
            "{\"services\": [{\"port\": 65536}]}",
            "\"services[0].port\" is not a whole number from 1 to 65535."),
        Arguments.of(
            "{\"services\": [{\"port\": 1.5}]}",
            "\"services[0].port\" is not a whole number from 1 to 65535."),
        Arguments.of(
            "{\"services\": [{\"name\": \"a b\"}]}",
            "\"services[0].name\": \"a b\" is not a display name: expected 1 to 19 letters, digits,"
                + " '-', '_' or '.'."));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void faultOfAFileIsNamed(String text, String sentence) throws Exception {
    String file = file(text);
    UsageException e = assertThrows(UsageException.class, () -> services("--config", file));
    assertEquals(file + ": " + sentence, e.getMessage());
  }

  @Test
  void valueInAFileIsNamedByFieldAndFile() throws Exception {
    String file = file("{\"drain\": \"soon\"}");
    UsageException e = assertThrows(UsageException.class, () -> server("--config", file));
    assertEquals(
        "\"drain\" in "
            + file
            + ": \"soon\" is not a time: expected 500ms, 30s, 2m, 1h, or a number of seconds.",
        e.getMessage());
  }

  @Test
  void keyInAFileThatCannotBeReadIsNotRepeated() throws Exception {
    String file = file("{\"join\": \"l4p1_SECRETSECRET\"}");
    UsageException e = assertThrows(UsageException.class, () -> services("--config", file));
    assertTrue(e.getMessage().startsWith("\"join\" in " + file + ": "), e.getMessage());
    assertFalse(e.getMessage().contains("SECRET"), e.getMessage());
  }

  @Test
  void eachOptionOfAServerHasAFieldOfItsOwn() {
    ServerCommand command = new ServerCommand();
    List<String> fields = new ArrayList<>();
    new Options(command).byName().values().forEach(option -> fields.add(command.field(option)));
    assertEquals(
        List.of(
            "ctlAddr",
            "host",
            "apiAddr",
            "apiInsecure",
            "ports",
            "stateDir",
            "tlsCert",
            "tlsKey",
            "noAuth",
            "tlsOnly",
            "allowPrivate",
            "drain",
            "accessLog",
            "config",
            "takeover",
            "maxUsers",
            "maxUsersPerIp",
            "maxUsersPerService",
            "userRatePerIp",
            "allow",
            "deny"),
        fields);
  }
}
