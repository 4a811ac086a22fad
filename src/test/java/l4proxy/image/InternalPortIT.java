package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tunnels arrive at a port of their own. */
@Tag("beside")
@Timeout(180)
final class InternalPortIT {
  @TempDir private Path directory;
  private final int api = FreePorts.next();

  /** Of the server's ports. */
  private final int own = FreePorts.named();

  private Account account;
  private EchoBackend backend;

  @BeforeEach
  void open() throws IOException, InterruptedException {
    account = new Account(directory.resolve("account"));
    account.server("--api_addr", "127.0.0.1:" + api, "--ports", FreePorts.NAMED);
    backend = new EchoBackend();
  }

  @AfterEach
  void close() throws IOException {
    backend.close();
    account.close();
  }

  /** The internal ports of all services, as the API shows them. */
  private List<Integer> shown() throws IOException, InterruptedException {
    List<Integer> shown = new ArrayList<>();
    for (JsonElement each :
        Curl.ask(
                directory,
                "-H",
                "Authorization: Bearer " + account.rememberedKey(),
                "http://127.0.0.1:" + api + "/v1/clients")
            .json()
            .getAsJsonArray("clients")) {
      String address = each.getAsJsonObject().get("internalAddress").getAsString();
      assertTrue(address.startsWith("127.0.0.1:"), address);
      shown.add(Integer.valueOf(address.substring(10)));
    }
    return shown;
  }

  /** Connections of this machine to one of its ports. */
  private static long connectionsTo(int port) throws IOException {
    String established = String.format(":%04X 01 ", port);
    long count = 0;
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      if (Files.exists(Path.of(table))) {
        count +=
            Files.readAllLines(Path.of(table)).stream()
                .filter(line -> line.contains(established))
                .count();
      }
    }
    return count;
  }

  @ParameterizedTest
  @ValueSource(strings = {"false", "true"})
  void allTunnelsOfTheServiceArriveThere(String plain) throws IOException, InterruptedException {
    Program client =
        account.client(
            backend.port(), "--int_port", String.valueOf(own), "--plain_tunnels=" + plain);
    int port = Account.publicPort(client);
    try (Socket one = Users.connect(port);
        Socket other = Users.connect(port)) {
      Users.echo(one);
      Users.echo(other);
      assertEquals(List.of(own), shown());
      Awaitility.await().until(() -> connectionsTo(own) >= 3);
      assertEquals(1, connectionsTo(account.controlPort()), "the control connection alone");
    }
  }

  @Test
  void zeroIsAnyFreePort() throws IOException, InterruptedException {
    Program client = account.client(backend.port(), "--int_port", "0");
    int port = Account.publicPort(client);
    Users.isServed(port);
    int drawn = shown().getFirst();
    assertTrue(drawn >= 30_000 && drawn <= 32_720 && drawn != port, "drawn: " + drawn);
    assertTrue(connectionsTo(drawn) >= 1);
  }

  @Test
  void clientsOfOneKeyShareAPortAndThoseOfOthersMayNot() throws IOException, InterruptedException {
    String number = String.valueOf(own);
    Program one = account.client(backend.port(), "--int_port", number, "--client_name", "one");
    Program two = account.client(backend.port(), "--int_port", number, "--client_name", "two");
    Users.isServed(Account.publicPort(one));
    Users.isServed(Account.publicPort(two));
    assertEquals(List.of(own, own), shown());
    String other = account.key("other");
    Program refused =
        account.client(Map.of("L4PROXY_JOIN", other), backend.port(), "--int_port", number);
    assertEquals(1, refused.exit(), refused.said());
    assertTrue(refused.err().text().contains("port " + own), refused.said());
    assertTrue(refused.err().text().contains("--int_port"), refused.said());
    int granted = FreePorts.named();
    int beyond = FreePorts.named();
    String bound = account.key("bound", "--ports", granted + "-" + granted);
    Program outside =
        account.client(
            Map.of("L4PROXY_JOIN", bound),
            backend.port(),
            "--pub_port",
            String.valueOf(granted),
            "--int_port",
            String.valueOf(beyond));
    assertEquals(1, outside.exit(), outside.said());
    assertTrue(outside.err().text().contains("port " + beyond + " is not granted"), outside.said());
    Users.isServed(Account.publicPort(one));
  }

  @Test
  void serviceGoesOverToAnotherPortAndTheOldOneCloses() throws IOException, InterruptedException {
    Path file = directory.resolve("client.json");
    write(file, ", \"intPort\": " + own);
    Program client = account.l4proxy("client", "--config", file.toString());
    int port = Account.publicPort(client);
    try (Socket user = Users.connect(port)) {
      Users.echo(user);
      write(file, "");
      client.signal("HUP");
      client.awaitErr("is read again");
      Tcp.awaitRefused(own);
      Users.echo(user);
      Users.isServed(port);
      assertEquals(List.of(account.controlPort()), shown());
    }
    assertNotEquals(own, port);
    Awaitility.await().atMost(Duration.ofSeconds(20)).until(() -> connectionsTo(own) == 0);
    assertEquals(1, client.out().all().size(), client.said());
  }

  private void write(Path file, String more) throws IOException {
    Files.writeString(
        file,
        "{\"server\": \""
            + account.control()
            + "\", \"services\": [{\"port\": "
            + backend.port()
            + more
            + "}]}");
  }
}
