package l4proxy.api;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.spy;
import static org.mockito.Mockito.when;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Keys;
import l4proxy.auth.Pin;
import l4proxy.auth.StateDirectory;
import l4proxy.events.Counters;
import l4proxy.server.ClientView;
import l4proxy.server.ProxyServer;
import l4proxy.server.ServerView;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The API over a real socket, with real keys; only what is exposed is made up. */
@Timeout(60)
class ApiServerTest {
  private static final Pin PIN = new Pin("A".repeat(43));

  @TempDir Path directory;
  private final ProxyServer proxy = mock(ProxyServer.class);
  private final ServerView view = mock(ServerView.class);
  private final EventFeed feed = new EventFeed();
  private final HttpClient http = HttpClient.newHttpClient();
  private StateDirectory state;
  private Keys keys;
  private ApiServer api;
  private String admin;
  private String joiner;

  @BeforeEach
  void open() throws Exception {
    state = StateDirectory.open(directory);
    keys = Keys.open(state, PIN);
    admin = keys.created().orElseThrow().adminKey().text();
    joiner = keys.created().orElseThrow().defaultKey().text();
    when(proxy.keys()).thenReturn(keys);
    when(proxy.browsers()).thenReturn(new BrowserSessions(keys));
    when(proxy.ready()).thenReturn(true);
    when(view.clients()).thenReturn(List.of());
    when(proxy.view()).thenReturn(view);
    when(proxy.version()).thenReturn("1.2.3");
    api = new ApiServer(proxy, new Counters(), feed);
  }

  /** The same with other keys. */
  private void serve(Keys others) throws Exception {
    api.close();
    when(proxy.keys()).thenReturn(others);
    api = new ApiServer(proxy, new Counters(), feed);
  }

  @AfterEach
  void close() {
    api.close();
    http.close();
    state.close();
  }

  private HttpResponse<String> ask(String method, String path, String key, String body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.address().getPort() + path))
            .timeout(Duration.ofSeconds(20))
            .method(
                method, body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private JsonObject json(HttpResponse<String> response) {
    return JsonParser.parseString(response.body()).getAsJsonObject();
  }

  private void assertProblem(int status, HttpResponse<String> response) {
    JsonObject problem = json(response);
    assertAll(
        () -> assertEquals(status, response.statusCode()),
        () ->
            assertEquals(
                "application/problem+json",
                response.headers().firstValue("Content-Type").orElse("")),
        () -> assertEquals(status, problem.get("status").getAsInt()),
        () -> assertFalse(problem.get("title").getAsString().isBlank()),
        () -> assertFalse(problem.get("detail").getAsString().isBlank()));
  }

  private static ClientView client(String name, String displayName, String key) {
    return new ClientView(
        name,
        displayName,
        "127.0.0.1:10000",
        "127.0.0.1:2222",
        "127.0.0.1:22",
        false,
        false,
        key,
        "connected",
        "test",
        Instant.parse("2026-01-02T03:04:05Z"),
        1,
        2,
        3,
        4,
        5,
        0.5,
        "up");
  }

  private void show(ClientView... clients) {
    when(view.clients()).thenReturn(List.of(clients));
    for (ClientView each : clients) {
      when(view.client(each.name())).thenReturn(Optional.of(each));
    }
  }

  private List<String> names(HttpResponse<String> response) {
    List<String> names = new ArrayList<>();
    JsonArray clients = json(response).getAsJsonArray("clients");
    for (JsonElement each : clients) {
      names.add(each.getAsJsonObject().get("name").getAsString());
    }
    return names;
  }

  @ParameterizedTest
  @ValueSource(strings = {"/healthz", "/readyz"})
  void healthNeedsNoKey(String path) throws Exception {
    assertEquals(200, ask("GET", path, "", "").statusCode());
    assertEquals("", ask("HEAD", path, "", "").body());
    assertEquals(200, ask("HEAD", path, "", "").statusCode());
  }

  @Test
  void drainingServerIsAliveButNotReady() throws Exception {
    when(proxy.ready()).thenReturn(false);
    assertEquals(200, ask("GET", "/healthz", "", "").statusCode());
    assertProblem(503, ask("GET", "/readyz", "", ""));
  }

  static Stream<Arguments> guarded() {
    return Stream.of(
        Arguments.of("GET", "/v1/clients"),
        Arguments.of("GET", "/v1/clients/x"),
        Arguments.of("GET", "/v1/keys"),
        Arguments.of("POST", "/v1/keys"),
        Arguments.of("DELETE", "/v1/keys/default"));
  }

  @ParameterizedTest
  @MethodSource("guarded")
  void everythingElseNeedsAKeyOfThisServer(String method, String path) throws Exception {
    String unknown = JoinKey.create(PIN, new java.security.SecureRandom()).text();
    for (String key : List.of("", "nonsense", unknown)) {
      HttpResponse<String> response = ask(method, path, key, "");
      assertProblem(401, response);
      assertEquals(
          "Bearer realm=\"l4proxy\"", response.headers().firstValue("WWW-Authenticate").orElse(""));
    }
    assertTrue(keys.named("default").isPresent());
  }

  /** It would be so in this process alone. */
  @Test
  void nothingIsOpenedOrEndedForGoodWhileAnotherProcessTakesOver() throws Exception {
    when(proxy.isBeingTakenOver()).thenReturn(true);
    when(view.client("a")).thenReturn(Optional.of(client("a", "a", "default")));
    assertProblem(503, ask("DELETE", "/v1/clients/a", admin, ""));
    assertProblem(503, ask("DELETE", "/v1/services/f", admin, ""));
    assertProblem(503, ask("POST", "/v1/services", admin, "{\"kind\":\"http_forwarder\"}"));
  }

  @Test
  void keysAreNotChangedWhileAnotherProcessTakesOver() throws Exception {
    keys.freeze(true);
    assertProblem(503, ask("POST", "/v1/keys", admin, "{\"name\":\"x\"}"));
    assertProblem(503, ask("DELETE", "/v1/keys/default", admin, ""));
    keys.freeze(false);
    assertEquals(204, ask("DELETE", "/v1/keys/default", admin, "").statusCode());
  }

  @Test
  void keyThatThereIsNoRoomForIsAConflict() throws Exception {
    String more =
        IntStream.range(2, Keys.MAX_KEYS)
            .mapToObj(i ->
                """
                {"name": "k%d", "secretSha256": "%064x", "admin": false, "maxServices": 0,
                 "createdAt": "2025-01-01T00:00:00Z"},\
                """
                    .formatted(i, i))
            .collect(Collectors.joining());
    state.write("keys.json", state.read("keys.json").orElseThrow().replaceFirst("\\[", "[" + more));
    serve(Keys.open(state, PIN));
    assertProblem(409, ask("POST", "/v1/keys", admin, "{\"name\":\"x\"}"));
  }

  @Test
  void keysAreForAdmins() throws Exception {
    assertProblem(403, ask("GET", "/v1/keys", joiner, ""));
    assertProblem(403, ask("POST", "/v1/keys", joiner, "{\"name\":\"x\"}"));
    assertProblem(403, ask("DELETE", "/v1/keys/admin", joiner, ""));
    assertEquals(2, keys.list().size());
  }

  @Test
  void adminSeesAllClientsAndAJoinKeyItsOwn() throws Exception {
    show(client("a", "web", "default"), client("b", "web", "other"), client("c", "ssh", "default"));
    assertEquals(List.of("a", "b", "c"), names(ask("GET", "/v1/clients", admin, "")));
    assertEquals(List.of("a", "c"), names(ask("GET", "/v1/clients", joiner, "")));
    assertEquals(List.of("a", "b"), names(ask("GET", "/v1/clients?displayName=web", admin, "")));
    assertEquals(List.of("a"), names(ask("GET", "/v1/clients?displayName=web", joiner, "")));
    assertEquals(200, ask("GET", "/v1/clients/b", admin, "").statusCode());
    assertProblem(404, ask("GET", "/v1/clients/b", joiner, ""));
    assertProblem(404, ask("GET", "/v1/clients/nobody", admin, ""));
  }

  @Test
  void clientHasTheFieldsOfTheContract() throws Exception {
    show(client("a", "web", "default"));
    assertEquals(
        JsonParser.parseString(
            """
            {"name":"a","displayName":"web","publicAddress":"127.0.0.1:10000","internalAddress":"127.0.0.1:2222",
             "backend":"127.0.0.1:22","sharePublicAddr":false,"direct":false,"key":"default","state":"connected",
             "version":"test","connectedAt":"2026-01-02T03:04:05Z","users":1,"speedIn":2,"speedOut":3,
             "bytesIn":4,"bytesOut":5,"rttMillis":0.5,"health":"up"}\
            """),
        json(ask("GET", "/v1/clients/a", admin, "")));
  }

  @Test
  void listComesInPages() throws Exception {
    List<ClientView> all =
        IntStream.range(0, 120)
            .mapToObj(i -> client("c%03d".formatted(i), "x", "default"))
            .toList();
    when(view.clients()).thenReturn(all);
    List<String> seen = new ArrayList<>();
    List<Integer> sizes = new ArrayList<>();
    String token = "";
    do {
      HttpResponse<String> page = ask("GET", "/v1/clients?pageToken=" + token, joiner, "");
      sizes.add(names(page).size());
      seen.addAll(names(page));
      assertEquals(120, json(page).get("totalCount").getAsInt());
      token = json(page).get("nextPageToken").getAsString();
    } while (!token.isEmpty());
    assertEquals(List.of(50, 50, 20), sizes);
    assertEquals(all.stream().map(ClientView::name).toList(), seen);
    assertEquals(100, names(ask("GET", "/v1/clients?pageSize=100", joiner, "")).size());
    assertEquals(120, names(ask("GET", "/v1/clients?pageSize=1000", joiner, "")).size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pageSize=0",
        "pageSize=1001",
        "pageSize=-1",
        "pageSize=x",
        "pageToken=%21",
        "displayname=x",
        "displayName=%zz"
      })
  void badParametersAreProblems(String query) throws Exception {
    String path = "/v1/clients?" + query;
    if (query.contains("%zz")) {
      assertTrue(
          raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
              .startsWith("HTTP/1.1 400 "));
    } else {
      assertProblem(400, ask("GET", path, admin, ""));
    }
  }

  @Test
  void keyIsMadeShownOnceUsedAndRevoked() throws Exception {
    String body =
        "{\"name\":\"bob\",\"ports\":\"2200-2299\",\"maxServices\":3," + "\"limitRate\":500000}";
    HttpResponse<String> made = ask("POST", "/v1/keys", admin, body);
    assertEquals(201, made.statusCode());
    String text = json(made).get("key").getAsString();
    assertEquals("bob", keys.find(JoinKey.parse(text).secret()).orElseThrow().name());
    assertEquals(200, ask("GET", "/v1/clients", text, "").statusCode());
    HttpResponse<String> list = ask("GET", "/v1/keys", admin, "");
    assertFalse(list.body().contains("l4p1_"), list.body());
    JsonObject bob = json(list).getAsJsonArray("keys").get(1).getAsJsonObject();
    assertEquals(
        Map.of(
            "name",
            "\"bob\"",
            "admin",
            "false",
            "ports",
            "\"2200-2299\"",
            "maxServices",
            "3",
            "limitRate",
            "500000"),
        bob.entrySet().stream()
            .filter(e -> !e.getKey().equals("createdAt"))
            .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().toString())));
    Instant.parse(bob.get("createdAt").getAsString());
    assertEquals(204, ask("DELETE", "/v1/keys/bob", admin, "").statusCode());
    assertProblem(401, ask("GET", "/v1/clients", text, ""));
    assertProblem(404, ask("DELETE", "/v1/keys/bob", admin, ""));
  }

  @Test
  void nameOfAKeyThatExistsIsAConflict() throws Exception {
    assertProblem(409, ask("POST", "/v1/keys", admin, "{\"name\":\"default\"}"));
  }

  @Test
  void keyThatIsRevokedAtOnceWasMade() throws Exception {
    Keys racing = spy(keys);
    doAnswer(
            call -> {
              Object made = call.callRealMethod();
              assertTrue(racing.revoke("bob"));
              return made;
            })
        .when(racing)
        .create(any(), any());
    serve(racing);
    HttpResponse<String> made = ask("POST", "/v1/keys", admin, "{\"name\":\"bob\"}");
    assertEquals(201, made.statusCode(), made.body());
    assertEquals("bob", json(made).get("name").getAsString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "nonsense",
        "{\"name\":\"a b\"}",
        "{\"name\":5}",
        "{\"name\":\"x\",\"name\":\"y\"}",
        "{\"name\":\"x\",\"admin\":\"yes\"}",
        "{\"name\":\"x\",\"ports\":\"0\"}",
        "{\"name\":\"x\",\"maxServices\":-1}",
        "{\"name\":\"x\",\"maxservices\":1}",
        "{\"name\":\"x\"} more"
      })
  void badBodiesAreProblemsAndChangeNothing(String body) throws Exception {
    assertProblem(400, ask("POST", "/v1/keys", admin, body));
    assertEquals(2, keys.list().size());
  }

  @Test
  void bodyOverTheBoundIsRefused() throws Exception {
    String name = "\"name\":\"x\"";
    String fits = "{" + " ".repeat(64 * 1024 - name.length() - 2) + name + "}";
    assertEquals(201, ask("POST", "/v1/keys", admin, fits).statusCode());
    assertProblem(413, ask("POST", "/v1/keys", admin, fits + " "));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1",
        "/v2/clients",
        "/v1/clients/",
        "/v1/clients/a/b/c",
        "/v1/clients//users",
        "/v1/clients/a/users/",
        "/v1/keys/a/users",
        "/v1/keys/"
      })
  void unknownPathIsAProblem(String path) throws Exception {
    assertProblem(404, ask("GET", path, admin, ""));
  }

  static Stream<Arguments> methods() {
    return Stream.of(
        Arguments.of("POST", "/healthz", "GET, HEAD"),
        Arguments.of("POST", "/v1/clients", "GET, HEAD"),
        Arguments.of("PUT", "/v1/keys", "GET, HEAD, POST"),
        Arguments.of("GET", "/v1/keys/x", "DELETE"));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void wrongMethodIsToldWhatThePathTakes(String method, String path, String allowed)
      throws Exception {
    HttpResponse<String> response = ask(method, path, admin, "");
    assertProblem(405, response);
    assertEquals(allowed, response.headers().firstValue("Allow").orElse(""));
    assertTrue(response.body().contains("This path takes " + allowed + " only."), response.body());
  }

  @Test
  void bugIsAProblemWithoutAStackTrace() throws Exception {
    when(view.clients()).thenThrow(new IllegalStateException("something secret"));
    HttpResponse<String> response = ask("GET", "/v1/clients", admin, "");
    assertProblem(500, response);
    assertFalse(response.body().contains("secret"), response.body());
    assertFalse(response.body().contains("Exception"), response.body());
  }

  @Test
  void encodedSlashDoesNotLeadElsewhere() throws Exception {
    assertProblem(404, ask("GET", "/v1%2Fclients", admin, ""));
    assertProblem(404, ask("DELETE", "/v1/keys/..%2Fadmin", admin, ""));
  }

  @Test
  void requestThatIsNeverFinishedIsCutOff() throws Exception {
    long began = System.nanoTime();
    String answer =
        raw(
            "POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nAuthorization: Bearer "
                + admin
                + "\r\n\r\n{");
    assertEquals("", answer);
    assertTrue(System.nanoTime() - began < Duration.ofSeconds(15).toNanos());
  }

  /** What comes back until the server closes; nothing when it just closes. */
  private String raw(String request) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", api.address().getPort())) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
      try {
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      } catch (java.net.SocketException reset) {
        return "";
      }
    }
  }
}
