package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.StructuredTaskScope;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who is connected, and how to end it, by the commands that a person or a script would use. */
@Timeout(240)
final class ClientsIT {
  private static final int MANY = 1050; // more than one part of a list

  @TempDir private Path directory;
  @AutoClose private Account host;
  @AutoClose private Account guest;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    host = new Account(directory.resolve("host"));
    guest = new Account(directory.resolve("guest"));
    host.server("--ports", FreePorts.MANY);
  }

  private Program run(Account account, Map<String, String> more, String... words)
      throws IOException, InterruptedException {
    Program program =
        account.l4proxy(
            more,
            Stream.concat(Arrays.stream(words), Stream.of("--svr_addr", host.control()))
                .toArray(String[]::new));
    program.exit();
    return program;
  }

  private Program run(String... words) throws IOException, InterruptedException {
    return run(host, Map.of(), words);
  }

  private JsonArray json(String list, String... words) throws IOException, InterruptedException {
    Program program =
        run(Stream.concat(Arrays.stream(words), Stream.of("-o", "json")).toArray(String[]::new));
    assertEquals(0, program.exit(), program.said());
    JsonObject said = JsonParser.parseString(program.out().text()).getAsJsonObject();
    assertEquals(said.getAsJsonArray(list).size(), said.get("totalCount").getAsInt());
    return said.getAsJsonArray(list);
  }

  private String name(String displayName) throws IOException, InterruptedException {
    return json("clients", "client", "list").asList().stream()
        .map(each -> each.getAsJsonObject())
        .filter(each -> each.get("displayName").getAsString().equals(displayName))
        .map(each -> each.get("name").getAsString())
        .findFirst()
        .orElseThrow();
  }

  @Test
  @Tag("beside")
  void clientAndItsUsersAreSeenAndEnded() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend()) {
      Program client = host.client(backend.port(), "--client_name", "web");
      int port = Account.publicPort(client);
      try (Socket user = Users.connect(port);
          Socket other = Users.connect(port)) {
        Users.echo(user);
        Users.echo(other);
        String name = name("web");
        List<String> table = run("client", "list").out().all();
        assertEquals(
            List.of(
                "Name          Display Name  Public Address   Internal Address",
                name + "  web           127.0.0.1:" + port + "  " + host.control()),
            table);
        Program users = run("client", "list", "user", "--client_name", "web");
        assertTrue(users.out().all().getFirst().matches("User Address +Speed In +Speed Out"));
        assertEquals(3, users.out().all().size(), users.said());
        assertEquals(
            1,
            users.out().count("^127.0.0.1:" + user.getLocalPort() + " +[0-9]+ +[0-9]+$"),
            users.said());
        String id =
            json("users", "client", "list", "user", "--client_name", name)
                .get(0)
                .getAsJsonObject()
                .get("id")
                .getAsString();
        assertEquals(0, run("client", "close", "user", name, id).exit());
        Users.isReset(user, 0);
        Users.echo(other);
        Program close = run("client", "close", "web"); // its display name
        assertEquals(0, close.exit(), close.said());
        assertEquals(List.of(), close.out().all());
        Users.isReset(other, 0);
      }
      Tcp.awaitRefused(port);
      assertEquals(1, client.exit(), client.said());
      assertEquals(1, run("client", "list").out().all().size());
    }
  }

  @Test
  @Tag("beside")
  void anotherKeySeesAndEndsNothing() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend()) {
      int port = Account.publicPort(host.client(backend.port(), "--client_name", "web"));
      Map<String, String> stranger = Map.of("L4PROXY_JOIN", host.key("stranger"));
      assertEquals(1, run(guest, stranger, "client", "list").out().all().size());
      for (List<String> words :
          List.of(
              List.of("client", "close", name("web")),
              List.of("client", "close", "user", name("web"), "1"),
              List.of("client", "list", "user", "--client_name", name("web")),
              List.of("client", "list", "user", "--client_name", "web"))) {
        Program refused = run(guest, stranger, words.toArray(String[]::new));
        assertEquals(1, refused.exit(), refused.said());
        assertTrue(refused.err().text().contains("There is no client "), refused.said());
        assertEquals(List.of(), refused.out().all());
      }
      Users.isServed(port);
    }
  }

  @Test
  @Tag("beside")
  void moreServicesThanOnePartOfAListAreShownExactlyOnce()
      throws IOException, InterruptedException {
    String services =
        IntStream.range(0, MANY)
            .mapToObj("{\"name\": \"s%d\", \"host\": \"127.0.0.1\", \"port\": 9}"::formatted)
            .collect(Collectors.joining(",\n"));
    Path file = directory.resolve("services.json");
    Files.writeString(file, "{\"services\": [" + services + "]}");
    Program client =
        host.l4proxy("client", "--svr_addr", host.control(), "--config", file.toString());
    client.await(client.out(), "^PUBLIC ADDRESS: ", MANY - 1, Duration.ofSeconds(150));
    JsonArray all = json("clients", "client", "list");
    assertEquals(MANY, all.size());
    assertEquals(
        MANY, all.asList().stream().map(e -> e.getAsJsonObject().get("name")).distinct().count());
    List<String> table = run("client", "list").out().all();
    assertEquals(MANY + 1, table.size());
    assertEquals(
        1, table.stream().map(line -> line.indexOf("127.0.0.1:")).skip(1).distinct().count());
  }

  @Test
  void speedsAgreeWithIperf3() throws InterruptedException {
    try (var scope = StructuredTaskScope.open()) {
      scope.fork(() -> agrees("speedIn"));
      scope.fork(() -> agrees("speedOut", "-R"));
      scope.join();
    }
  }

  private Void agrees(String direction, String... way) throws IOException, InterruptedException {
    try (Iperf3 iperf3 = new Iperf3(directory)) {
      int port = Account.publicPort(host.client(iperf3.port(), "--client_name", direction));
      try (Program run = iperf3.start(port, 20, "100M", way)) {
        run.await(run.out(), "6[.]0.-7[.]0", 0, Duration.ofSeconds(30));
        Awaitility.await() // it makes up for what it was late with, for a second or two
            .atMost(Duration.ofSeconds(12))
            .untilAsserted(() -> agreesNow(run, direction));
        assertEquals(0, run.exit());
      }
      Awaitility.await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> fastest("clients", direction, "client", "list") == 0);
    }
    return null;
  }

  private void agreesNow(Program run, String direction) throws IOException, InterruptedException {
    double measured = Iperf3.bytesASecond(run);
    double listed =
        fastest("users", direction, "client", "list", "user", "--client_name", direction);
    double service = fastest("clients", direction, "client", "list");
    System.out.printf(
        "FIGURE: iperf3 %.1f MB/s, %s of its user %.1f, of its service %.1f%n",
        measured / 1e6, direction, listed / 1e6, service / 1e6);
    assertEquals(measured, listed, measured / 10);
    assertEquals(measured, service, measured / 10);
  }

  private double fastest(String list, String field, String... words)
      throws IOException, InterruptedException {
    return json(list, words).asList().stream()
        .mapToDouble(each -> each.getAsJsonObject().get(field).getAsDouble())
        .max()
        .orElse(0);
  }
}
