package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code client list}, {@code client list user} and {@code client close} against a server. */
@Timeout(90)
final class ClientCommandsTest {
  @TempDir private Path home;
  private TestShell server;
  private TestShell user;
  private String address;
  private final List<CompletableFuture<Integer>> codes = new ArrayList<>();
  private final List<TestShell> clients = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    server = new TestShell(home);
    user = new TestShell(home);
    codes.add(
        server.start(
            "server", "--ctl_addr", "127.0.0.1:0", "--api_addr", "none", "--ports", "10000-32000"));
    String joins = server.line();
    address = joins.substring(joins.lastIndexOf(' ') + 1);
  }

  @AfterEach
  void close() throws Exception {
    clients.forEach(TestShell::close);
    server.close();
    user.close();
    for (var code : codes) {
      code.get(30, TimeUnit.SECONDS);
    }
  }

  /** A client of one service; its public port. */
  private int exposed(String name, EchoBackend backend) throws Exception {
    TestShell client = new TestShell(home);
    clients.add(client);
    client.environment.put("L4PROXY_STATE_DIR", home.resolve("client" + clients.size()).toString());
    codes.add(
        client.start(
            "client",
            "--svr_addr",
            address,
            "--client_name",
            name,
            "127.0.0.1",
            String.valueOf(backend.address().port())));
    String line = client.line();
    return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
  }

  private int run(String... words) {
    List<String> all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--svr_addr", address));
    return user.run(all.toArray(new String[0]));
  }

  private JsonObject json(String... words) throws Exception {
    assertEquals(0, run(words), user.err());
    return JsonParser.parseString(user.line()).getAsJsonObject();
  }

  private String name(int index) throws Exception {
    return json("client", "list", "-o", "json")
        .getAsJsonArray("clients")
        .get(index)
        .getAsJsonObject()
        .get("name")
        .getAsString();
  }

  @Test
  void listIsATableOrWhatTheApiReturns() throws Exception {
    assertEquals(0, run("client", "list"), user.err());
    assertEquals(List.of("Name  Display Name  Public Address  Internal Address"), user.rest());
    try (EchoBackend backend = new EchoBackend()) {
      int port = exposed("web", backend);
      assertEquals(0, run("client", "list"), user.err());
      List<String> lines = user.rest();
      assertEquals(
          List.of(
              "Name          Display Name  Public Address   Internal Address",
              name(0) + "  web           127.0.0.1:" + port + "  " + address),
          lines);
      JsonObject all = json("client", "list", "--output=json");
      assertEquals(1, all.get("totalCount").getAsInt());
      assertEquals(18, all.getAsJsonArray("clients").get(0).getAsJsonObject().size());
    }
  }

  @Test
  void usersAreListedByEitherNameOfTheirClient() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        Socket socket = new Socket("127.0.0.1", exposed("web", backend))) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write('x');
      assertEquals('x', socket.getInputStream().read());
      for (String name : List.of("web", name(0))) {
        assertEquals(0, run("client", "list", "user", "--client_name", name), user.err());
        assertTrue(user.line().matches("User Address +Speed In +Speed Out"));
        String row = user.line();
        assertTrue(row.matches("127.0.0.1:" + socket.getLocalPort() + " +[0-9]+ +[0-9]+"), row);
      }
      JsonObject users = json("client", "list", "user", "--client-name", "web", "-o", "json");
      String id = users.getAsJsonArray("users").get(0).getAsJsonObject().get("id").getAsString();
      assertEquals(0, run("client", "close", "user", name(0), id), user.err());
      assertThrows(SocketException.class, () -> socket.getInputStream().read());
      assertEquals(1, run("client", "close", "user", name(0), id));
      assertTrue(user.err().contains("Client web has no user of that id"), user.err());
    }
  }

  @Test
  void displayNameOfSeveralIsAnsweredWithTheCandidates() throws Exception {
    try (EchoBackend backend = new EchoBackend()) {
      int first = exposed("web", backend);
      int second = exposed("web", backend);
      assertEquals(1, run("client", "list", "user", "--client_name", "web"));
      for (String part : List.of(name(0), name(1), ":" + first, ":" + second)) {
        assertTrue(user.err().contains(part), part + ": " + user.err());
      }
      assertEquals(1, user.err().lines().count(), user.err());
      assertEquals(1, run("client", "list", "user", "--client_name", "nobody"));
      assertTrue(user.err().contains("There is no client \"nobody\""), user.err());
    }
  }

  @Test
  void closedClientEndsWithExitCode1() throws Exception {
    try (EchoBackend backend = new EchoBackend()) {
      TestShell client = new TestShell(home);
      clients.add(client);
      var code =
          client.start(
              "client",
              "--svr_addr",
              address,
              "127.0.0.1",
              String.valueOf(backend.address().port()));
      client.line();
      assertEquals(0, run("client", "close", name(0)), user.err());
      assertEquals(1, code.get(20, TimeUnit.SECONDS));
      assertTrue(client.err().contains("ended on the server"), client.err());
      assertEquals(1, run("client", "close", "nobody"));
      assertTrue(user.err().contains("There is no client \"nobody\""), user.err());
    }
  }

  @Test
  void wordsThatAreMissingOrTooManyAreToldSo() {
    assertEquals(2, run("client", "close"));
    assertEquals(2, run("client", "close", "a", "b"));
    assertEquals(2, run("client", "close", "user", "a"));
    assertEquals(2, run("client", "list", "user"));
    assertEquals(2, run("client", "list", "-o", "xml"));
    assertEquals(2, run("client", "list", "more"));
    assertEquals(6, user.err().lines().count(), user.err());
    assertTrue(user.err().contains("table or json"), user.err());
  }

  @Test
  void longestNameOfACommandCounts() throws Exception {
    for (String command :
        List.of("client", "client list", "client list user", "client close", "client close user")) {
      String[] words = Stream.of((command + " --help").split(" ")).toArray(String[]::new);
      assertEquals(0, user.run(words), user.err());
      String usage = user.rest().getFirst();
      assertTrue(usage.startsWith("Usage: l4proxy " + command + " [options]"), usage);
    }
    assertEquals("client", Commands.find(List.of("client", "127.0.0.1", "22")).name());
    assertEquals("client", Commands.find(List.of("client")).name());
  }
}
