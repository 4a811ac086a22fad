package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import l4proxy.auth.Credentials;
import l4proxy.auth.JoinKey;
import l4proxy.net.HostPort;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands as people use them, each with the other over real sockets. */
@Timeout(90)
class CommandsTest {
  @TempDir Path home;
  private TestShell server;
  private TestShell user;
  private CompletableFuture<Integer> serverCode;

  @BeforeEach
  void open() throws Exception {
    server = new TestShell(home);
    user = new TestShell(home);
  }

  @AfterEach
  void close() throws Exception {
    user.close();
    server.close();
    if (serverCode != null) {
      serverCode.get(20, TimeUnit.SECONDS);
    }
  }

  /** Starts a server for the first time; returns its join command. */
  private String startServer(String... more) throws Exception {
    List<String> words =
        new ArrayList<>(
            List.of(
                "server",
                "--ctl_addr",
                "127.0.0.1:0",
                "--api_addr",
                "none",
                "--ports",
                "10000-32000"));
    words.addAll(List.of(more));
    serverCode = server.start(words.toArray(new String[0]));
    return server.line();
  }

  private static String address(String joinCommand) {
    return joinCommand.substring(joinCommand.lastIndexOf(' ') + 1);
  }

  private static String key(String joinCommand) {
    return joinCommand.substring(joinCommand.indexOf('=') + 1, joinCommand.indexOf(' '));
  }

  private Credentials credentials() {
    return new Credentials(home.resolve("config/l4proxy/credentials.json"));
  }

  private static String talk(int port, String text) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static int port(String publicAddress) {
    return Integer.parseInt(publicAddress.substring(publicAddress.lastIndexOf(':') + 1));
  }

  @Test
  void firstStartPrintsACommandThatJoins() throws Exception {
    String command = startServer();
    assertTrue(
        command.matches(
            "L4PROXY_JOIN=l4p1_[A-Za-z0-9_-]{86} l4proxy client --svr_addr 127\\.0\\.0\\.1:\\d+"),
        command);
    TestShell elsewhere = new TestShell(home.resolve("elsewhere"));
    elsewhere.environment.put("L4PROXY_JOIN", key(command));
    try (EchoBackend backend = new EchoBackend();
        elsewhere) {
      var code =
          elsewhere.start(
              "client",
              "--svr_addr",
              address(command),
              "127.0.0.1",
              String.valueOf(backend.port()));
      String line = elsewhere.line();
      assertTrue(line.matches("PUBLIC ADDRESS: 127\\.0\\.0\\.1:\\d+"), line);
      assertEquals("hello", talk(port(line), "hello"));
      elsewhere.terminate();
      assertEquals(0, code.get(20, TimeUnit.SECONDS));
      assertEquals(List.of(), elsewhere.rest());
    }
  }

  @Test
  void commandsOfTheSameUserNeedNoKey() throws Exception {
    String address = address(startServer());
    assertEquals(0, user.run("key", "list", "--svr_addr", address), user.err());
    assertEquals("Name     Admin  Ports  Services  Rate  Created", user.line());
    assertTrue(user.line().startsWith("admin    yes    all    any       any   20"));
    assertTrue(user.line().startsWith("default  no     all    any       any   20"));
    assertEquals("", user.err());
  }

  @Test
  void serverEndsWithExitCode0AndSaysNothingMoreOnStdout() throws Exception {
    startServer();
    server.terminate();
    assertEquals(0, serverCode.get(20, TimeUnit.SECONDS));
    assertEquals(List.of(), server.rest());
  }

  @Test
  void laterStartPrintsNoKeyAndLeavesTheCredentialsAlone() throws Exception {
    String address = address(startServer());
    Optional<Credentials.Entry> before = credentials().find(HostPort.parse(address, -1));
    server.terminate();
    serverCode.get(20, TimeUnit.SECONDS);
    server = new TestShell(home);
    serverCode = server.start("server", "--ctl_addr", address, "--api_addr", "none");
    Awaitility.await().until(() -> user.run("key", "list", "--svr_addr", address) == 0);
    assertEquals(List.of(), server.rest());
    assertEquals(before, credentials().find(HostPort.parse(address, -1)));
  }

  @Test
  void takenPortIsNamedBeforeTheFirstStartIsUsedUp() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      assertEquals(1, server.run("server", "--ctl_addr", address, "--api_addr", "none"));
      assertTrue(
          server.err().startsWith("l4proxy: Cannot listen on " + address + " ("), server.err());
      assertTrue(server.err().contains("--ctl_addr"), server.err());
      assertEquals(1, server.run("server", "--ctl_addr", "127.0.0.1:0", "--api_addr", address));
      assertTrue(server.err().contains("--api_addr"), server.err());
    }
    assertFalse(Files.exists(home.resolve("l4proxy")));
    assertFalse(Files.exists(home.resolve("config")));
    assertTrue(startServer().startsWith("L4PROXY_JOIN="));
  }

  @Test
  void corruptStateStopsTheStartAndStaysAsItIs() throws Exception {
    Path state = Files.createDirectories(home.resolve("l4proxy"));
    Path keys = Files.writeString(state.resolve("keys.json"), "{\"half\":");
    assertEquals(1, server.run("server", "--ctl_addr", "127.0.0.1:0", "--api_addr", "none"));
    assertTrue(server.err().contains(keys.toRealPath().toString()), server.err());
    assertEquals(1, server.err().lines().count());
    assertEquals("{\"half\":", Files.readString(keys));
    assertEquals(List.of(), server.rest());
  }

  @Test
  void stateInUseIsRefused() throws Exception {
    startServer();
    TestShell second = new TestShell(home);
    assertEquals(1, second.run("server", "--ctl_addr", "127.0.0.1:0", "--api_addr", "none"));
    assertTrue(second.err().contains("Another server uses the state directory"), second.err());
    assertEquals(List.of(), second.rest());
  }

  @Test
  void credentialsThatCannotBeWrittenDoNotStopTheServer() throws Exception {
    Files.writeString(home.resolve("config"), "a file where a directory belongs");
    assertTrue(startServer().startsWith("L4PROXY_JOIN="));
  }

  @Test
  void keysAreMadeUsedAndRevoked() throws Exception {
    String address = address(startServer());
    assertEquals(
        0,
        user.run(
            "key",
            "create",
            "--svr_addr",
            address,
            "--ports",
            "20000-20010",
            "--max_services",
            "1",
            "bob"),
        user.err());
    String text = user.line();
    assertEquals(List.of(), user.rest());
    JoinKey.parse(text);
    assertEquals(1, user.run("key", "list", "--svr_addr", address, "--join", text));
    assertTrue(user.err().contains("Only an admin key may do this."), user.err());
    assertEquals(0, user.run("key", "list", "--svr_addr", address));
    assertTrue(
        user.rest().stream().anyMatch(line -> line.matches("bob +no +20000-20010 +1 +any +20.*")));
    assertEquals(0, user.run("key", "revoke", "--svr_addr", address, "bob"));
    TestShell bob = new TestShell(home.resolve("bob"));
    assertEquals(1, bob.run("client", "--svr_addr", address, "--join", text));
    assertTrue(bob.err().contains("does not know this key"), bob.err());
    assertFalse(Files.exists(home.resolve("bob/config/l4proxy/credentials.json")));
  }

  @Test
  void keyThatExistsOrIsNamedBadlyOrMissingIsRefused() throws Exception {
    String address = address(startServer());
    assertEquals(1, user.run("key", "create", "--svr_addr", address, "admin"));
    assertEquals(2, user.run("key", "create", "--svr_addr", address, "a b"));
    assertEquals(1, user.run("key", "revoke", "--svr_addr", address, "nobody"));
    assertEquals(3, user.err().lines().count(), user.err());
    assertEquals(List.of(), user.rest());
  }

  @Test
  void keysMayBeMadeInTheStateOfAStoppedServer() throws Exception {
    String address = address(startServer());
    String state = home.resolve("l4proxy").toString();
    assertEquals(1, user.run("key", "create", "--admin", "--state_dir", state, "root"));
    assertTrue(user.err().contains("uses the state directory"), user.err());
    server.terminate();
    serverCode.get(20, TimeUnit.SECONDS);
    assertEquals(0, user.run("key", "create", "--admin", "--state_dir", state, "root"), user.err());
    String text = user.line();
    assertEquals(0, user.run("key", "list", "--state_dir", state));
    assertTrue(
        user.rest().stream().anyMatch(line -> line.matches("root +yes +all +any +any +20.*")));
    server = new TestShell(home);
    serverCode = server.start("server", "--ctl_addr", address, "--api_addr", "none");
    TestShell root = new TestShell(home.resolve("root"));
    Awaitility.await()
        .until(() -> root.run("key", "list", "--svr_addr", address, "--join", text) == 0);
  }

  @Test
  void acceptedKeyIsKeptAndReplacesNothing() throws Exception {
    String command = startServer();
    HostPort address = HostPort.parse(address(command), -1);
    Path elsewhere = home.resolve("elsewhere");
    Credentials kept = new Credentials(elsewhere.resolve("config/l4proxy/credentials.json"));
    String admin = credentials().find(address).orElseThrow().key().orElseThrow().text();
    TestShell other = new TestShell(elsewhere);
    other.answers(admin);
    assertEquals(0, other.run("key", "list", "--svr_addr", address.toString()), other.err());
    assertEquals(admin, kept.find(address).orElseThrow().key().orElseThrow().text());
    String second = key(command);
    assertEquals(1, other.run("key", "list", "--svr_addr", address.toString(), "--join", second));
    assertEquals(admin, kept.find(address).orElseThrow().key().orElseThrow().text());
  }

  @Test
  void serverWithoutKeysIsRememberedByItsPinAndAnotherThereIsRefused() throws Exception {
    String address = address(startServer("--no_auth"));
    TestShell guest = new TestShell(home.resolve("guest"));
    Credentials kept = new Credentials(home.resolve("guest/config/l4proxy/credentials.json"));
    try (EchoBackend backend = new EchoBackend();
        guest) {
      var code =
          guest.start(
              "client",
              "--no_auth",
              "--svr_addr",
              address,
              "127.0.0.1",
              String.valueOf(backend.port()));
      assertEquals("hello", talk(port(guest.line()), "hello"));
      guest.terminate();
      assertEquals(0, code.get(20, TimeUnit.SECONDS));
    }
    assertTrue(kept.find(HostPort.parse(address, -1)).orElseThrow().pin().isPresent());
    server.terminate();
    serverCode.get(20, TimeUnit.SECONDS);
    server = new TestShell(home.resolve("other"));
    serverCode = server.start("server", "--no_auth", "--ctl_addr", address, "--api_addr", "none");
    server.line();
    Awaitility.await().until(() -> server.run("key", "list", "--svr_addr", address) == 0);
    TestShell again = new TestShell(home.resolve("guest"));
    assertEquals(1, again.run("client", "--no_auth", "--svr_addr", address));
    assertTrue(again.err().contains("another public key"), again.err());
  }

  @Test
  void clientWithoutAKeyNeedsToSaySo() throws Exception {
    String address = address(startServer("--no_auth"));
    TestShell guest = new TestShell(home.resolve("guest"));
    assertEquals(1, guest.run("client", "--svr_addr", address));
    assertTrue(guest.err().contains("There is no key for the server at " + address), guest.err());
  }

  @Test
  void servicesOfAFileAreAnnouncedWithTheirNames() throws Exception {
    String address = address(startServer());
    try (EchoBackend backend = new EchoBackend()) {
      Path file =
          Files.writeString(
              home.resolve("client.json"),
              """
              {"server": "%s", "services": [{"name": "one", "port": %d}, {"name": "two", "port": %d}]}\
              """
                  .formatted(address, backend.port(), backend.port()));
      var code = user.start("client", "--config", file.toString());
      List<String> lines = Stream.of(user.line(), user.line()).sorted().toList();
      assertTrue(
          lines.stream().allMatch(l -> l.matches("PUBLIC ADDRESS: 127\\.0\\.0\\.1:\\d+ (one|two)")),
          lines.toString());
      assertEquals(2, lines.stream().map(l -> l.substring(l.length() - 3)).distinct().count());
      user.terminate();
      assertEquals(0, code.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void refusedServiceEndsTheClientWithCauseAndRemedy() throws Exception {
    String address = address(startServer());
    assertEquals(1, user.run("client", "--svr_addr", address, "--pub_port", "9"));
    assertEquals(1, user.err().lines().count(), user.err());
    assertTrue(user.err().contains("port 9"), user.err());
  }

  @Test
  void refusedPortOfAForwardProxyEndsLikeThatOfAClient() throws Exception {
    String address = address(startServer());
    String[] words = {"server", "forwarder", "--svr_addr", address, "--pub_port"};
    assertEquals(
        1, user.run(Stream.concat(Stream.of(words), Stream.of("9")).toArray(String[]::new)));
    assertEquals(1, user.err().lines().count(), user.err());
    assertTrue(user.err().contains("Port 9 is not among the ports"), user.err());
    assertEquals(
        2, user.run(Stream.concat(Stream.of(words), Stream.of("99999")).toArray(String[]::new)));
  }

  @Test
  void forwardProxyIsListedAtTheAddressThatItWasOpenedAt() throws Exception {
    String address = "127.0.0.1:" + port(startServer("--ctl_addr", ":0")); // any, without --host
    assertEquals(0, user.run("server", "forwarder", "--svr_addr", address), user.err());
    String opened = user.line().replace("PUBLIC ADDRESS: ", "");
    assertTrue(opened.matches("127\\.0\\.0\\.1:\\d+"), opened);
    user.rest();
    assertEquals(0, user.run("server", "forwarder", "list", "--svr_addr", address), user.err());
    assertEquals("Name          Display Name  Public Address", user.line());
    assertTrue(user.line().endsWith(" unknown       " + opened));
  }

  @Test
  void redirectThatMayNotSeeItsClientsEndsAtOnce() throws Exception {
    String command = startServer();
    String[] words = {
      "redirect", "--svr_addr", address(command), "--display", "web", "--addr", "127.0.0.1:0"
    };
    TestShell guest = new TestShell(home.resolve("guest"));
    guest.environment.put("L4PROXY_JOIN", key(command));
    try (guest) {
      var code =
          guest.start(
              Stream.concat(Stream.of(words), Stream.of("--key", "admin")).toArray(String[]::new));
      assertEquals(1, code.get(20, TimeUnit.SECONDS));
      assertEquals(1, guest.err().lines().count(), guest.err());
      assertTrue(guest.err().contains("may not see the clients of \"admin\""), guest.err());
    }
  }

  @Test
  void lanRelaysUntilItIsStopped() throws Exception {
    try (EchoBackend backend = new EchoBackend()) {
      var code = user.start("lan", "--pub_port", "0", "127.0.0.1", String.valueOf(backend.port()));
      String line = user.line();
      assertTrue(line.matches("PUBLIC ADDRESS: \\S+:\\d+"), line);
      assertEquals("over the lan", talk(port(line), "over the lan"));
      user.terminate();
      assertEquals(0, code.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void lanResetsTheUserWhenTheBackendIsAway() throws Exception {
    int away;
    try (EchoBackend backend = new EchoBackend()) {
      away = backend.port();
    }
    var code = user.start("lan", "--pub_port", "0", "127.0.0.1", String.valueOf(away));
    int port = port(user.line());
    assertThrows(SocketException.class, () -> talk(port, "anybody there?"));
    user.terminate();
    assertEquals(0, code.get(20, TimeUnit.SECONDS));
  }

  @Test
  void lanThatIsStoppedIsAResetInTheMiddleOfADownload() throws Exception {
    EchoBackend.Service endless =
        socket -> {
          byte[] bytes = new byte[64 * 1024];
          while (true) {
            socket.getOutputStream().write(bytes);
          }
        };
    try (EchoBackend backend = new EchoBackend(endless)) {
      var code = user.start("lan", "--pub_port", "0", "127.0.0.1", String.valueOf(backend.port()));
      try (Socket socket = new Socket("127.0.0.1", port(user.line()))) {
        socket.setSoTimeout(20_000);
        assertEquals(0, socket.getInputStream().read());
        user.terminate();
        assertThrows(SocketException.class, () -> socket.getInputStream().readAllBytes());
      }
      assertEquals(0, code.get(20, TimeUnit.SECONDS));
    }
  }

  @Test
  void lanNamesAPortThatIsTaken() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      assertEquals(1, user.run("lan", "--pub_port", String.valueOf(taken.getLocalPort())));
      assertTrue(user.err().contains("--pub_port"), user.err());
    }
  }

  @Test
  void demoChecksItselfAndLeavesNothing() throws Exception {
    assertEquals(0, user.run("demo", "--once"), user.err());
    assertTrue(user.line().endsWith(": it works."));
    assertEquals(List.of(), user.rest());
    assertEquals("", user.err());
    try (var left = Files.list(home.resolve("tmp"))) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void demoPrintsAnAddressThatWorksUntilItIsStopped() throws Exception {
    var code = user.start("demo");
    String line = user.line();
    while (!line.startsWith("Try it:  curl ")) {
      line = user.line();
    }
    int port = port(line.substring(0, line.length() - 1));
    String answer = talk(port, "GET / HTTP/1.0\r\n\r\n");
    assertTrue(answer.endsWith("Hello from the backend, through l4proxy.\n"), answer);
    user.terminate();
    assertEquals(0, code.get(20, TimeUnit.SECONDS));
  }
}
