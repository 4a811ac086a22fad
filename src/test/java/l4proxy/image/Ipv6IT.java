package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import l4proxy.net.AcceptLoop;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole way over IPv6, on loopback. */
@Tag("beside")
@Timeout(180)
final class Ipv6IT {
  @TempDir private Path directory;
  private final int control = FreePorts.next();
  private final int api = FreePorts.next();
  private Account account;
  private ServerSocket listener;
  private AcceptLoop backend;

  @BeforeEach
  void open() throws IOException {
    listener = new ServerSocket();
    try {
      listener.bind(new InetSocketAddress("::1", 0));
    } catch (IOException none) {
      listener.close();
      Tools.skip("this machine has no IPv6 loopback");
    }
    backend =
        new AcceptLoop(
            "backend",
            listener,
            socket -> {
              try (socket) {
                socket.getInputStream().transferTo(socket.getOutputStream());
              }
            });
    account = new Account(directory.resolve("account"));
  }

  @AfterEach
  void close() throws IOException {
    if (account != null) {
      account.close();
      backend.close();
    }
  }

  private Program server(String address, String... more) throws IOException, InterruptedException {
    String[] words = new String[more.length + 2];
    words[0] = "--ctl_addr";
    words[1] = address + ":" + control;
    System.arraycopy(more, 0, words, 2, more.length);
    return account.server(words);
  }

  private Program client(String... more) throws IOException {
    String[] words = new String[more.length + 5];
    words[0] = "client";
    words[1] = "--svr_addr";
    words[2] = "[::1]:" + control;
    System.arraycopy(more, 0, words, 3, more.length);
    words[words.length - 2] = "::1";
    words[words.length - 1] = String.valueOf(backend.port());
    return account.l4proxy(words);
  }

  private static int port(Program client, String host) throws InterruptedException {
    String line = client.awaitOut("^PUBLIC ADDRESS: ").text();
    String start = "PUBLIC ADDRESS: " + host + ":";
    assertTrue(line.startsWith(start), line);
    return Integer.parseInt(line.substring(start.length()));
  }

  @Test
  void wholeWayOverLoopback() throws IOException, InterruptedException {
    Program server = server("[::1]", "--host", "::1", "--api_addr", "[::1]:" + api);
    server.awaitErr("control port listens on \\[::1\\]:" + control);
    server.awaitErr("API listens on \\[::1\\]:" + api);
    String join = server.out().all().getFirst();
    assertTrue(join.endsWith(" l4proxy client --svr_addr [::1]:" + control), "the join command");
    Program client = client("--int_port", "0");
    int port = port(client, "[::1]");
    Users.isServed("::1", port);
    JsonObject shown = shown("http://[::1]:" + api);
    assertEquals("[::1]:" + port, shown.get("publicAddress").getAsString());
    assertTrue(shown.get("internalAddress").getAsString().startsWith("[::1]:"), shown.toString());
    assertEquals("[::1]:" + backend.port(), shown.get("backend").getAsString());
    Program list = account.l4proxy("key", "list", "--svr_addr", "[::1]:" + control);
    assertEquals(0, list.exit(), list.said());
    Program create = account.l4proxy("key", "create", "six", "--svr_addr", "[::1]:" + control);
    assertTrue(Account.only(create).startsWith("l4p1_"));
    Program revoke = account.l4proxy("key", "revoke", "six", "--svr_addr=[::1]:" + control);
    assertEquals(0, revoke.exit(), revoke.said());
  }

  private JsonObject shown(String address) throws IOException, InterruptedException {
    String credentials = Files.readString(account.credentials());
    String key =
        JsonParser.parseString(credentials)
            .getAsJsonObject()
            .getAsJsonObject("[::1]:" + control)
            .get("key")
            .getAsString();
    return Curl.ask(directory, "-g", "-H", "Authorization: Bearer " + key, address + "/v1/clients")
        .json()
        .getAsJsonArray("clients")
        .get(0)
        .getAsJsonObject();
  }

  @Test
  void dialledAddressIsShownWithoutAHost() throws IOException, InterruptedException {
    server("[::1]");
    Users.isServed("::1", port(client("--plain_tunnels"), "[::1]"));
  }

  @Test
  void backendAtTheClientsOwnAddressIsAnnounced() throws IOException, InterruptedException {
    server("[::1]");
    Program client = client("--backend_port", String.valueOf(backend.port()));
    assertEquals(backend.port(), port(client, "[::1]"));
  }

  @Test
  void wildcardTakesUsersAndClientsOfBothKinds() throws IOException, InterruptedException {
    server("[::]", "--host", "example.org");
    Program six = client("--client_name", "six");
    int port = port(six, "example.org");
    Users.isServed("::1", port);
    Users.isServed("127.0.0.1", port);
    try (EchoBackend four = new EchoBackend()) {
      Program other =
          account.clientOf("127.0.0.1:" + control, Map.of(), four.port(), "--client_name", "four");
      Users.isServed("::1", port(other, "example.org"));
    }
  }

  @Test
  void fileNamesIpv6WithOrWithoutBrackets() throws IOException, InterruptedException {
    server("[::1]");
    Path file = directory.resolve("client.json");
    String service = "{\"name\": \"%s\", \"host\": \"%s\", \"port\": " + backend.port() + "}";
    Files.writeString(
        file,
        "{\"server\": \"[::1]:"
            + control
            + "\", \"services\": ["
            + service.formatted("bare", "::1")
            + ","
            + service.formatted("brackets", "[::1]")
            + "]}");
    Program client = account.l4proxy("client", "--config", file.toString());
    for (String name : List.of("bare", "brackets")) {
      String line = client.awaitOut(" " + name + "$").text();
      Users.isServed("::1", Integer.parseInt(line.replaceAll(".*:([0-9]+) .*", "$1")));
    }
  }
}
