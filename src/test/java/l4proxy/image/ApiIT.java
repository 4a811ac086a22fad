package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API as curl sees it, through the control port and through a port of its own without TLS. */
@Timeout(60)
final class ApiIT {
  @TempDir private static Path directory;
  @AutoClose private static Account host;
  @AutoClose private static Account guest;
  @AutoClose private static EchoBackend backend;
  private static String admin;
  private static String join;
  private static int hostPort;
  private static int guestPort;
  private static List<String> ways;
  private static int apiPort;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    host = new Account(directory.resolve("host"));
    guest = new Account(directory.resolve("guest"));
    backend = new EchoBackend();
    Program server = host.server("--api_addr", "127.0.0.1:0");
    String listens = server.awaitErr("API listens on ").text();
    apiPort = Integer.parseInt(listens.substring(listens.lastIndexOf(':') + 1));
    ways =
        List.of(
            "https://" + host.control(),
            "http://" + listens.substring(listens.lastIndexOf(' ') + 1));
    admin = host.rememberedKey();
    join = host.key("guest");
    hostPort = Account.publicPort(host.client(backend.port(), "--client_name", "mine"));
    guestPort =
        Account.publicPort(
            guest.clientOf(
                host.control(),
                Map.of("L4PROXY_JOIN", join),
                backend.port(),
                "--client_name",
                "theirs"));
  }

  private static Curl.Answer get(String url, String... words)
      throws IOException, InterruptedException {
    String[] all = new String[words.length + 2];
    all[0] = "-k";
    all[1] = url;
    System.arraycopy(words, 0, all, 2, words.length);
    return Curl.ask(directory, all);
  }

  private static Curl.Answer with(String key, String url) throws IOException, InterruptedException {
    return get(url, "-H", "Authorization: Bearer " + key);
  }

  @Test
  void healthNeedsNoKey() throws IOException, InterruptedException {
    for (String way : ways) {
      assertEquals(200, get(way + "/healthz").status(), way);
      assertEquals(200, get(way + "/readyz").status(), way);
    }
  }

  /** Whoever proves nothing has few seconds and few places, and takes none from those who do. */
  @Test
  void unfinishedRequestsWithoutAKeyLockNobodyOut() throws IOException, InterruptedException {
    byte[] unfinished =
        "POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
            .getBytes(StandardCharsets.US_ASCII);
    List<Socket> strangers = new ArrayList<>();
    try {
      for (int i = 0; i < 600; i++) {
        Socket stranger = new Socket("127.0.0.1", apiPort);
        strangers.add(stranger);
        stranger.setSoTimeout(20_000);
        stranger.getOutputStream().write(unfinished);
      }
      for (String way : ways) {
        assertEquals(200, with(admin, way + "/v1/clients").status(), way);
      }
      for (Socket stranger : strangers) {
        ends(stranger);
      }
    } finally {
      for (Socket stranger : strangers) {
        stranger.close();
      }
    }
  }

  private static void ends(Socket stranger) throws IOException {
    try {
      stranger.getInputStream().readAllBytes();
    } catch (SocketException reset) {
      // an end too; a time-out is none
    }
  }

  @Test
  void connectionThatProvedAKeyIsKept() throws IOException {
    try (Socket socket = new Socket("127.0.0.1", apiPort)) {
      socket.setSoTimeout(20_000);
      byte[] request =
          ("GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + admin + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII);
      for (int i = 0; i < 3; i++) {
        socket.getOutputStream().write(request);
        byte[] start = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
        assertEquals("HTTP/1.1 200", new String(start, StandardCharsets.US_ASCII));
        String rest = "";
        while (!rest.endsWith("{\"alive\":true}")) {
          int b = socket.getInputStream().read();
          assertTrue(b >= 0, "closed after " + rest);
          rest += (char) b;
        }
      }
    }
  }

  @Test
  void clientsNeedAKey() throws IOException, InterruptedException {
    for (String way : ways) {
      for (Curl.Answer answer :
          List.of(
              get(way + "/v1/clients"),
              with("l4p1_nonsense", way + "/v1/clients"),
              with(Secrets.withAnotherSecret(admin), way + "/v1/clients"))) {
        assertEquals(401, answer.status(), way + answer);
        assertTrue(answer.type().startsWith("application/problem+json"), way + answer);
        assertEquals(401, answer.json().get("status").getAsInt(), way + answer);
      }
    }
  }

  @Test
  void adminKeySeesAllClients() throws IOException, InterruptedException {
    for (String way : ways) {
      Curl.Answer answer = with(admin, way + "/v1/clients");
      assertEquals(200, answer.status(), answer.body());
      assertEquals(2, answer.json().get("totalCount").getAsInt(), answer.body());
      Curl.Answer named = with(admin, way + "/v1/clients?displayName=mine");
      assertEquals(1, named.json().getAsJsonArray("clients").size(), named.body());
      JsonObject mine = named.json().getAsJsonArray("clients").get(0).getAsJsonObject();
      assertEquals("mine", mine.get("displayName").getAsString());
      assertEquals("127.0.0.1:" + hostPort, mine.get("publicAddress").getAsString());
      assertEquals("127.0.0.1:" + backend.port(), mine.get("backend").getAsString());
      assertEquals("connected", mine.get("state").getAsString());
      assertEquals(0, mine.get("users").getAsInt());
      for (String field :
          List.of(
              "name",
              "internalAddress",
              "sharePublicAddr",
              "direct",
              "key",
              "version",
              "connectedAt",
              "speedIn",
              "speedOut",
              "bytesIn",
              "bytesOut",
              "rttMillis")) {
        assertTrue(mine.has(field), field + " is missing in " + mine);
      }
      Curl.Answer one = with(admin, way + "/v1/clients/" + mine.get("name").getAsString());
      assertEquals(200, one.status(), one.body());
      assertEquals("mine", one.json().get("displayName").getAsString());
    }
  }

  @Test
  void joinKeySeesItsOwnClientsOnly() throws IOException, InterruptedException {
    for (String way : ways) {
      Curl.Answer answer = with(join, way + "/v1/clients");
      assertEquals(200, answer.status(), answer.body());
      assertEquals(1, answer.json().getAsJsonArray("clients").size(), answer.body());
      assertEquals(
          "127.0.0.1:" + guestPort,
          answer
              .json()
              .getAsJsonArray("clients")
              .get(0)
              .getAsJsonObject()
              .get("publicAddress")
              .getAsString());
      String foreign =
          with(admin, way + "/v1/clients?displayName=mine")
              .json()
              .getAsJsonArray("clients")
              .get(0)
              .getAsJsonObject()
              .get("name")
              .getAsString();
      assertEquals(404, with(join, way + "/v1/clients/" + foreign).status());
      assertEquals(403, with(join, way + "/v1/keys").status());
    }
  }

  @Test
  void usersAndBytesAreCounted() throws IOException, InterruptedException {
    try (Socket user = Users.connect(guestPort)) {
      Users.echo(user);
      JsonObject theirs =
          with(admin, ways.getFirst() + "/v1/clients?displayName=theirs")
              .json()
              .getAsJsonArray("clients")
              .get(0)
              .getAsJsonObject();
      assertEquals(1, theirs.get("users").getAsInt(), theirs.toString());
      assertTrue(theirs.get("bytesIn").getAsLong() > 0, theirs.toString());
      assertTrue(theirs.get("bytesOut").getAsLong() > 0, theirs.toString());
    }
  }

  @Test
  void unknownPathsAndMethodsAreProblems() throws IOException, InterruptedException {
    for (String way : ways) {
      assertEquals(404, with(admin, way + "/v1/nothing").status());
      assertEquals(404, with(admin, way + "/v1/clients/nobody").status());
      assertEquals(405, get(way + "/healthz", "-X", "DELETE").status());
    }
  }

  @Test
  void keysHaveNoSecretInTheList() throws IOException, InterruptedException {
    for (String way : ways) {
      Curl.Answer answer = with(admin, way + "/v1/keys");
      assertEquals(200, answer.status(), answer.body());
      for (String form : Secrets.forms(join)) {
        assertFalse(answer.body().contains(form), "a secret is in the list");
      }
    }
  }

  @Test
  void drainingServerIsAliveButNotReady() throws IOException, InterruptedException {
    try (Account account = new Account(directory.resolve("draining"))) {
      Program server = account.server();
      int port = Account.publicPort(account.client(backend.port()));
      try (Socket user = Users.connect(port)) {
        Users.echo(user);
        server.terminate();
        server.awaitErr("stopping; users have");
        Tcp.awaitRefused(port);
        String way = "https://" + account.control();
        assertEquals(503, get(way + "/readyz").status());
        assertEquals(200, get(way + "/healthz").status());
        Users.echo(user);
      }
      assertEquals(0, server.exit(), server.said());
    }
  }
}
