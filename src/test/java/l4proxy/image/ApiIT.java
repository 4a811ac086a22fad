package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import l4proxy.api.Contract;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The API as curl sees it, through the control port and through a port of its own without TLS. */
@Tag("beside")
@OneByOne
@Timeout(150)
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
      ends(strangers.getFirst()); // there are more than places: so most have been accepted by now
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
              "rttMillis",
              "health")) {
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

  private static Curl.Answer send(String key, String method, String url, String... words)
      throws IOException, InterruptedException {
    return get(
        url,
        Stream.concat(
                Stream.of("-X", method, "-H", "Authorization: Bearer " + key), Arrays.stream(words))
            .toArray(String[]::new));
  }

  /** Asks, and holds the answer against the description that the same server gives. */
  private static Curl.Answer described(String key, String method, String path, String... words)
      throws IOException, InterruptedException {
    Contract contract = new Contract(with(admin, ways.getFirst() + "/openapi.json").json());
    Curl.Answer last = null;
    for (String way : method.equals("GET") ? ways : ways.subList(0, 1)) {
      last = send(key, method, way + path, words);
      contract.check(method, path, last.status(), last.type(), last.body());
    }
    return last;
  }

  private static String only(Curl.Answer list, String field, String name) {
    assertEquals(1, list.json().getAsJsonArray(field).size(), list.body());
    return list.json().getAsJsonArray(field).get(0).getAsJsonObject().get(name).getAsString();
  }

  @Test
  void answersAreAsDescribed() throws IOException, InterruptedException {
    for (String path :
        List.of(
            "/v1/clients",
            "/v1/keys",
            "/v1/services",
            "/healthz",
            "/readyz",
            "/metrics",
            "/openapi.json")) {
      assertEquals(200, described(admin, "GET", path).status(), path);
    }
    assertEquals(404, described(admin, "GET", "/v1/clients/nobody").status());
    assertEquals(400, described(admin, "GET", "/v1/clients?pageSize=-1").status());
    assertEquals(400, described(admin, "GET", "/v1/clients?pageToken=wrong").status());
    assertEquals(401, described("nonsense", "GET", "/metrics").status());
    assertEquals(403, described(join, "GET", "/v1/keys").status());
    assertEquals(405, described(admin, "PUT", "/v1/clients").status());
  }

  @Test
  void clientAndUserAreEnded() throws IOException, InterruptedException {
    Program client = host.client(backend.port(), "--client_name", "ending");
    int port = Account.publicPort(client);
    String name =
        only(described(admin, "GET", "/v1/clients?displayName=ending"), "clients", "name");
    try (Socket user = Users.connect(port)) {
      Users.echo(user);
      String users = "/v1/clients/" + name + "/users";
      Curl.Answer list = described(admin, "GET", users);
      assertEquals("127.0.0.1:" + user.getLocalPort(), only(list, "users", "userAddr"));
      assertEquals(404, described(join, "GET", users).status());
      String path = users + "/" + only(list, "users", "id");
      assertEquals(404, described(join, "DELETE", path).status());
      Users.echo(user);
      assertEquals(204, described(admin, "DELETE", path).status());
      Users.isReset(user, 0);
    }
    assertEquals(404, described(join, "DELETE", "/v1/clients/" + name).status());
    Users.isServed(port);
    assertEquals(204, described(admin, "DELETE", "/v1/clients/" + name).status());
    assertEquals(1, client.exit(), client.said());
    Tcp.awaitRefused(port);
  }

  @Test
  void keyIsMadeAndRevoked() throws IOException, InterruptedException {
    Curl.Answer made = described(admin, "POST", "/v1/keys", "-d", "{\"name\":\"made\"}");
    assertEquals(201, made.status(), made.body());
    String key = made.json().get("key").getAsString();
    assertEquals(409, described(admin, "POST", "/v1/keys", "-d", "{\"name\":\"made\"}").status());
    assertEquals(200, described(key, "GET", "/v1/clients").status());
    assertEquals(204, described(admin, "DELETE", "/v1/keys/made").status());
    assertEquals(401, with(key, ways.getFirst() + "/v1/clients").status());
  }

  @Test
  void serviceIsOpenedAndClosed() throws IOException, InterruptedException {
    String wanted = "{\"kind\":\"http_forwarder\",\"displayName\":\"opened\"}";
    Curl.Answer made = described(admin, "POST", "/v1/services", "-d", wanted);
    assertEquals(201, made.status(), made.body());
    assertEquals(1, described(admin, "GET", "/v1/services").json().get("totalCount").getAsInt());
    assertEquals(400, described(admin, "POST", "/v1/services", "-d", "{}").status());
    assertEquals(403, described(join, "GET", "/v1/services").status());
    String path = "/v1/services/" + made.json().get("name").getAsString();
    assertEquals(403, described(join, "DELETE", path).status());
    assertEquals(204, described(admin, "DELETE", path).status());
    assertEquals(404, described(admin, "DELETE", path).status());
  }

  @Test
  void bodyOfTenMegabytesIsRefused() throws IOException, InterruptedException {
    Path much = directory.resolve("much");
    Files.writeString(much, " ".repeat(10_000_000));
    for (String way : ways) {
      assertEquals(413, send(admin, "POST", way + "/v1/keys", "-d", "@" + much).status(), way);
      assertEquals(413, get(way + "/v1/keys", "-X", "POST", "-d", "@" + much).status(), way);
    }
  }

  @Test
  void eventsAreHeardAsTheyHappen() throws IOException, InterruptedException {
    for (String way : ways) {
      try (Program curl =
          Program.start(
              directory,
              Tools.require("curl"),
              "-qsSkN",
              "--noproxy",
              "*",
              "-H",
              "Authorization: Bearer " + join,
              way + "/v1/events")) {
        curl.awaitOut("^:$");
        Users.isServed(hostPort);
        try (Socket user = Users.connect(guestPort)) {
          Users.echo(user);
          curl.awaitOut("^event: userServed$");
        }
        curl.awaitOut("^event: userEnded$");
        assertEquals(1, curl.out().count("^event: userEnded$"), "only of its own clients");
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
