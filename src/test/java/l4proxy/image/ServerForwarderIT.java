package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server runs forward proxies, for admins, and only into the internet unless it is told so. */
@Timeout(240)
@Tag("beside")
@OneByOne
final class ServerForwarderIT {
  private static final String LOGIN = "^PROXY LOGIN: ([A-Za-z0-9_-]+:[A-Za-z0-9_-]+)$";

  @TempDir private Path directory;
  @AutoClose private Account account;

  @BeforeEach
  void makeAccount() throws IOException {
    account = new Account(directory.resolve("account"));
  }

  private Program forwarder(String... words) throws IOException {
    List<String> all = new ArrayList<>(List.of("server", "forwarder"));
    all.addAll(Arrays.asList(words));
    all.addAll(List.of("--svr_addr", account.control()));
    return account.l4proxy(all.toArray(String[]::new));
  }

  private Program opened(String... words) throws IOException, InterruptedException {
    Program program = forwarder(words);
    assertEquals(0, program.exit(), program.said());
    return program;
  }

  private static String login(Program program) {
    List<String> lines = program.out().all();
    assertEquals(2, lines.size(), program.said());
    assertTrue(lines.getLast().matches(LOGIN), program.said());
    return lines.getLast().replaceFirst(LOGIN, "$1");
  }

  /** The statuses of the answer and of the answer to CONNECT. */
  private String statuses(int proxy, String login, String url)
      throws IOException, InterruptedException {
    return Curl.through(directory, proxy, login, "-o", "nothing", url);
  }

  @Test
  void allowedPrivateTargetIsReachedUntilTheProxyIsClosed()
      throws IOException, InterruptedException {
    try (Nginx nginx = new Nginx(directory)) {
      Files.writeString(nginx.root().resolve("page.txt"), "Hello.\n");
      String page = "http://127.0.0.1:" + nginx.port() + "/page.txt";
      account.server("--allow_private");
      Program made = opened("--client_name", "out");
      int port = Account.publicPort(made);
      String login = login(made);
      assertEquals("Hello.\n200 000", Curl.through(directory, port, login, page));
      assertEquals("407 000", statuses(port, "", page));

      Program list = opened("list");
      List<String> lines = list.out().all();
      assertEquals(2, lines.size(), list.said());
      assertTrue(lines.getFirst().matches("Name +Display Name +Public Address"), list.said());
      String[] row = lines.getLast().split(" +", -1);
      assertEquals(List.of("out", "127.0.0.1:" + port), List.of(row[1], row[2]));

      Program json = opened("list", "-o", "json");
      JsonArray services =
          JsonParser.parseString(json.out().text()).getAsJsonObject().getAsJsonArray("services");
      assertEquals(
          "{\"name\":\"%s\",\"kind\":\"http_forwarder\",\"displayName\":\"out\",\"publicAddress\":\"127.0.0.1:%d\"}"
              .formatted(row[0], port),
          services.get(0).toString());

      Program close = opened("close", row[0]);
      assertEquals(List.of(), close.out().all(), close.said());
      Tcp.awaitRefused(port);
      Program again = forwarder("close", row[0]);
      assertEquals(1, again.exit(), again.said());
      assertTrue(again.err().text().contains("no service of that name"), again.said());
    }
  }

  @Test
  void closingEndsItsUsers() throws IOException, InterruptedException {
    account.server("--allow_private");
    int port = Account.publicPort(opened("--allow", "127.0.0.0/8", "--client_name", "x"));
    try (EchoBackend backend =
            new EchoBackend(socket -> Content.write(socket.getOutputStream(), Long.MAX_VALUE));
        Socket user = Users.connect(port)) {
      user.getOutputStream()
          .write(
              "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n"
                  .formatted(backend.port())
                  .getBytes(StandardCharsets.US_ASCII));
      assertEquals(39, user.getInputStream().readNBytes(39).length);
      long read = Content.read(user.getInputStream(), 0, 3_000_000);
      Program list = opened("list");
      opened("close", list.out().all().getLast().split(" ", 2)[0]);
      Users.isReset(user, read);
    }
  }

  @Test
  void privateTargetsAreRefusedByAddressAndByName() throws IOException, InterruptedException {
    account.server();
    Program made = opened();
    int port = Account.publicPort(made);
    String login = login(made);
    for (String target :
        List.of(
            "127.0.0.1",
            "localhost",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "[fe80::1]")) {
      assertEquals("403 000", statuses(port, login, "http://" + target + ":9/"), target);
    }
    // the control port and the proxy itself are the server's own
    assertEquals("403 000", statuses(port, login, "http://" + account.control() + "/healthz"));
    assertEquals("403 000", statuses(port, login, "http://127.0.0.1:" + port + "/"));
  }

  @Test
  void portsAreThoseOfTheServerAndNobodyElses() throws IOException, InterruptedException {
    account.server("--ports", FreePorts.NAMED);
    int wanted = FreePorts.named();
    String port = String.valueOf(wanted);
    assertEquals(wanted, Account.publicPort(opened("--pub_port", port)));
    Program again = forwarder("--pub_port", port);
    assertEquals(1, again.exit(), again.said());
    assertTrue(again.err().text().contains("choose another"), again.said());
    Program beyond = forwarder("--pub_port", "40000");
    assertEquals(1, beyond.exit(), beyond.said());
    assertTrue(beyond.err().text().contains(FreePorts.NAMED), beyond.said());
    try (EchoBackend backend = new EchoBackend()) {
      Program client = account.client(backend.port(), "--pub_port", port);
      assertEquals(1, client.exit(), client.said());
      int clients = Account.publicPort(account.client(backend.port()));
      Program taken = forwarder("--pub_port", String.valueOf(clients));
      assertEquals(1, taken.exit(), taken.said());
      assertTrue(taken.err().text().contains("held by a client"), taken.said());
    }
  }

  @Test
  void joinKeyMayNot() throws IOException, InterruptedException {
    account.server();
    String key = account.key("plain");
    for (List<String> words : List.of(List.<String>of(), List.of("list"), List.of("close", "x"))) {
      List<String> all = new ArrayList<>(List.of("server", "forwarder"));
      all.addAll(words);
      all.addAll(List.of("--svr_addr", account.control()));
      Program program = account.l4proxy(Map.of("L4PROXY_JOIN", key), all.toArray(String[]::new));
      assertEquals(1, program.exit(), program.said());
      assertTrue(program.err().text().contains("admin"), program.said());
      assertEquals(List.of(), program.out().all(), program.said());
    }
  }

  @Test
  void wrongRequestsGetAProblemAndChangeNothing() throws IOException, InterruptedException {
    int api = FreePorts.next();
    account.server("--api_addr", "127.0.0.1:" + api);
    String bearer = "Authorization: Bearer " + account.rememberedKey();
    String url = "http://127.0.0.1:" + api + "/v1/services";
    for (String body :
        List.of(
            "",
            "[]",
            "{}",
            "{\"kind\":\"other\"}",
            "{\"kind\":\"http_forwarder\",\"publicPort\":-1}",
            "{\"kind\":\"http_forwarder\",\"publicPort\":65536}",
            "{\"kind\":\"http_forwarder\",\"publicPort\":\"80\"}",
            "{\"kind\":\"http_forwarder\",\"displayName\":\"\"}",
            "{\"kind\":\"http_forwarder\",\"displayName\":\"a b\"}",
            "{\"kind\":\"http_forwarder\",\"userAuth\":\"secret-without-name\"}",
            "{\"kind\":\"http_forwarder\",\"allow\":\"10.0.0.1/8\"}",
            "{\"kind\":\"http_forwarder\",\"allow\":\"\"}",
            "{\"kind\":\"http_forwarder\",\"port\":0}")) {
      Curl.Answer answer = Curl.ask(directory, "-H", bearer, "-X", "POST", "--data-raw", body, url);
      assertEquals(400, answer.status(), body + " -> " + answer.body());
      assertEquals("application/problem+json", answer.type(), body);
      assertEquals(400, answer.json().get("status").getAsInt(), body);
      assertFalse(answer.body().contains("secret-without-name"), answer.body());
    }
    assertEquals(401, Curl.ask(directory, "-X", "POST", "--data-raw", "{}", url).status());
    assertEquals(401, Curl.ask(directory, url).status());
    assertEquals(405, Curl.ask(directory, "-H", bearer, "-X", "PUT", url).status());
    assertEquals(405, Curl.ask(directory, "-H", bearer, url + "/x").status());
    assertEquals(404, Curl.ask(directory, "-H", bearer, "-X", "DELETE", url + "/x").status());
    assertEquals(400, Curl.ask(directory, "-H", bearer, url + "?pageSize=-1").status());
    assertEquals(400, Curl.ask(directory, "-H", bearer, url + "?other=1").status());
    Curl.Answer list = Curl.ask(directory, "-H", bearer, url);
    assertEquals(0, list.json().get("totalCount").getAsInt());
  }

  @Test
  void listGoesInPagesAndAServiceIsShownWithoutItsLogin() throws IOException, InterruptedException {
    int api = FreePorts.next();
    account.server("--api_addr", "127.0.0.1:" + api);
    String bearer = "Authorization: Bearer " + account.rememberedKey();
    String url = "http://127.0.0.1:" + api + "/v1/services";
    for (int i = 0; i < 3; i++) {
      Curl.Answer made =
          Curl.ask(directory, "-H", bearer, "--data-raw", "{\"kind\":\"http_forwarder\"}", url);
      assertEquals(201, made.status(), made.body());
      String login = made.json().get("proxyLogin").getAsString();
      assertTrue(login.matches("[A-Za-z0-9_-]+:[A-Za-z0-9_-]{24}"), login);
    }
    List<String> names = new ArrayList<>();
    String token = "";
    do {
      Curl.Answer page = Curl.ask(directory, "-H", bearer, url + "?pageSize=2&pageToken=" + token);
      page.json()
          .getAsJsonArray("services")
          .forEach(each -> names.add(each.getAsJsonObject().get("name").getAsString()));
      assertFalse(page.body().contains("proxyLogin"), page.body());
      assertEquals(3, page.json().get("totalCount").getAsInt());
      token = page.json().get("nextPageToken").getAsString();
    } while (!token.isEmpty());
    assertEquals(3, names.stream().distinct().count(), names.toString());
    assertEquals(3, names.size(), names.toString());
  }

  @Test
  void serverWithAUserOfAForwarderDrains() throws IOException, InterruptedException {
    Program server = account.server("--allow_private");
    int port = Account.publicPort(opened("--user_auth", "none"));
    try (EchoBackend backend = new EchoBackend();
        Socket user = Users.connect(port)) {
      user.getOutputStream()
          .write(
              "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n"
                  .formatted(backend.port())
                  .getBytes(StandardCharsets.US_ASCII));
      assertEquals(39, user.getInputStream().readNBytes(39).length);
      server.terminate();
      server.awaitErr("stopping");
      Tcp.awaitRefused(port);
      Users.echo(user);
      user.shutdownOutput();
      assertEquals(-1, user.getInputStream().read());
      assertEquals(0, server.exit(), server.said());
    }
  }

  @Test
  void itsUsersCountAgainstTheLimitsAndAreLogged() throws IOException, InterruptedException {
    Program server =
        account.server("--allow_private", "--max_users_per_ip", "1", "--access_log", "-");
    int port = Account.publicPort(opened("--user_auth", "none", "--client_name", "out"));
    try (EchoBackend backend = new EchoBackend()) {
      try (Socket user = Users.connect(port)) {
        user.getOutputStream()
            .write(
                "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n"
                    .formatted(backend.port())
                    .getBytes(StandardCharsets.US_ASCII));
        assertEquals(39, user.getInputStream().readNBytes(39).length);
        Users.echo(user);
        try (Socket second = Users.connect(port)) {
          Users.isReset(second, 0);
        }
      }
      String turnedAway = server.awaitOut("\"endedBy\":\"limit\"").text();
      assertTrue(turnedAway.contains("\"service\":\"out\""), turnedAway);
      JsonObject served =
          JsonParser.parseString(server.awaitOut("\"endedBy\":\"user\"").text()).getAsJsonObject();
      assertTrue(served.get("bytesIn").getAsLong() > 40, served.toString());
      assertTrue(served.get("bytesOut").getAsLong() > 40, served.toString());
    }
  }
}
