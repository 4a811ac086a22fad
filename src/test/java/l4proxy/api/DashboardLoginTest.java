package l4proxy.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.Keys;
import l4proxy.auth.Pin;
import l4proxy.auth.StateDirectory;
import l4proxy.events.Counters;
import l4proxy.net.HostPort;
import l4proxy.server.Limits;
import l4proxy.server.Load;
import l4proxy.server.ProxyServer;
import l4proxy.server.ServerView;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a browser is let do, by the bytes it sends; every answer is held against the contract. */
@Timeout(60)
class DashboardLoginTest {
  private static final String HOST = "127.0.0.1:2223";
  private static final String OWN = "http://" + HOST;

  @TempDir Path directory;
  private final ProxyServer proxy = mock(ProxyServer.class);
  private final ServerView view = mock(ServerView.class);
  private final Contract contract = Contract.ofProgram();
  private StateDirectory state;
  private Keys keys;
  private ApiServer api;
  private String admin;
  private String joiner;

  @BeforeEach
  void open() throws Exception {
    state = StateDirectory.open(directory);
    keys = Keys.open(state, new Pin("A".repeat(43)));
    admin = keys.created().orElseThrow().adminKey().text();
    joiner = keys.created().orElseThrow().defaultKey().text();
    when(proxy.keys()).thenReturn(keys);
    when(proxy.browsers()).thenReturn(new BrowserSessions(keys));
    when(proxy.ready()).thenReturn(true);
    when(view.clients()).thenReturn(List.of());
    when(proxy.view()).thenReturn(view);
    when(view.load()).thenReturn(new Load(1, 2, 3, 4, 5, 6, 7, 8, 9));
    when(proxy.version()).thenReturn("1.2.3");
    when(view.limits()).thenReturn(new Limits(10, 0, 0, 0, Optional.empty(), Optional.empty()));
    when(view.usersTurnedAway()).thenReturn(Map.of("max_users", 3L));
    when(proxy.controlAddress()).thenReturn(new HostPort("", 2222));
    when(proxy.apiAddress()).thenReturn(Optional.of(HostPort.parse(HOST, -1)));
    api = new ApiServer(proxy, new Counters(), new EventFeed());
  }

  @AfterEach
  void close() {
    api.close();
    state.close();
  }

  private record Answer(int status, Map<String, String> headers, String body) {
    String field(String name) {
      return JsonParser.parseString(body).getAsJsonObject().get(name).getAsString();
    }
  }

  /** Sends a request with just these headers. */
  private Answer ask(String method, String path, String body, String... headers)
      throws IOException {
    String said;
    try (Socket socket = new Socket("127.0.0.1", api.address().getPort())) {
      socket.setSoTimeout(20_000);
      String head =
          method + " " + path + " HTTP/1.1\r\nConnection: close\r\n" + String.join("\r\n", headers);
      String whole = head + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
      socket.getOutputStream().write(whole.getBytes(StandardCharsets.UTF_8));
      said = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
    int end = said.indexOf("\r\n\r\n");
    Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line : said.substring(0, end).split("\r\n")) {
      String[] parts = line.split(": ", 2);
      all.put(parts[0], parts.length == 2 ? parts[1] : "");
    }
    Answer answer =
        new Answer(Integer.parseInt(said.substring(9, 12)), all, said.substring(end + 4));
    contract.check(
        method, path, answer.status(), all.getOrDefault("Content-Type", ""), answer.body());
    return answer;
  }

  private Answer withKey(String method, String path, String key) throws IOException {
    return ask(method, path, "", "Host: " + HOST, "Authorization: Bearer " + key);
  }

  private String code(String key) throws IOException {
    return withKey("POST", "/v1/codes", key).field("code");
  }

  private Answer begin(String code, String host, String origin) throws IOException {
    return ask(
        "POST",
        "/v1/session",
        "{\"code\":\"" + code + "\"}",
        "Host: " + host,
        "Origin: " + origin,
        "Sec-Fetch-Site: same-origin");
  }

  private static String cookie(Answer begun) {
    Matcher cookie =
        Pattern.compile("l4proxy_[0-9]+=[A-Za-z0-9_-]{22}")
            .matcher(begun.headers().getOrDefault("Set-Cookie", ""));
    assertTrue(cookie.find(), begun.toString());
    return "Cookie: " + cookie.group();
  }

  private String session(String key) throws IOException {
    return cookie(begin(code(key), HOST, OWN));
  }

  @Test
  void pageNeedsNoKeyAndRunsNothingFromElsewhere() throws IOException {
    for (String path : List.of("/", "/dashboard.css", "/dashboard.js")) {
      Answer page = ask("GET", path, "", "Host: " + HOST);
      assertEquals(200, page.status(), path);
      assertEquals(
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src"
              + " 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          page.headers().get("Content-Security-Policy"));
      assertEquals("nosniff", page.headers().get("X-Content-Type-Options"));
      assertFalse(
          Pattern.compile("(?:src|href|url|import)[=( '\"]+(?:https?:)?//")
              .matcher(page.body())
              .find(),
          path);
    }
  }

  @Test
  void codeIsExchangedOnceForACookieThatScriptsAndOtherSitesNeverSee() throws IOException {
    String code = code(admin);
    Answer begun = begin(code, HOST, OWN);
    assertEquals(200, begun.status());
    assertEquals("admin", begun.field("key"));
    assertTrue(
        begun
            .headers()
            .get("Set-Cookie")
            .matches(
                "l4proxy_2223=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"),
        begun.headers().get("Set-Cookie"));
    assertEquals(401, begin(code, HOST, OWN).status());
  }

  @ParameterizedTest
  @CsvSource({
    "example.org:2222, https://example.org:2222, l4proxy_2222",
    "example.org, https://example.org, l4proxy_443",
    "[::1]:2222, https://[::1]:2222, l4proxy_2222",
    "[::1], https://[::1], l4proxy_443"
  })
  void cookieOfAnEncryptedPageIsSecure(String host, String origin, String name) throws IOException {
    String set = begin(code(admin), host, origin).headers().get("Set-Cookie");
    assertTrue(set.startsWith(name + "="), set);
    assertTrue(set.contains("; Secure"), set);
  }

  @Test
  void codeIsOnlyForWhoHasAKeyAndNotForASession() throws IOException {
    assertEquals(401, ask("POST", "/v1/codes", "", "Host: " + HOST).status());
    String cookie = session(admin);
    assertEquals(
        401, ask("POST", "/v1/codes", "", "Host: " + HOST, "Origin: " + OWN, cookie).status());
  }

  @Test
  void codesThatWaitAreBounded() throws IOException {
    for (int i = 0; i < 8; i++) {
      code(joiner);
    }
    assertEquals(503, withKey("POST", "/v1/codes", joiner).status());
    code(admin);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:2223, http://evil.example",
    "127.0.0.1:2223, null",
    "127.0.0.1:2223, http://127.0.0.1:2224",
    "127.0.0.1:2223, http://127.0.0.1:22230",
    "127.0.0.1:2223, ftp://127.0.0.1:2223"
  })
  void codeCountsOnlyForThePageOfTheHostThatIsAsked(String host, String origin) throws IOException {
    String code = code(admin);
    assertEquals(403, begin(code, host, origin).status());
    assertEquals(200, begin(code, HOST, OWN).status());
  }

  @Test
  void codeWithoutAnOriginIsRefused() throws IOException {
    String body = "{\"code\":\"" + code(admin) + "\"}";
    assertEquals(403, ask("POST", "/v1/session", body, "Host: " + HOST).status());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"code\":1}", "{\"code\":\"x\",\"more\":1}", "nothing"})
  void malformedExchangeIsToldWhatIsWrong(String body) throws IOException {
    assertEquals(400, ask("POST", "/v1/session", body, "Host: " + HOST, "Origin: " + OWN).status());
  }

  @Test
  void sessionSeesWhatItsKeySees() throws IOException {
    String cookie = session(joiner);
    assertEquals("default", ask("GET", "/v1/session", "", "Host: " + HOST, cookie).field("key"));
    assertEquals(200, ask("GET", "/v1/clients", "", "Host: " + HOST, cookie).status());
    assertEquals(403, ask("GET", "/v1/keys", "", "Host: " + HOST, cookie).status());
    assertEquals(403, ask("GET", "/v1/server", "", "Host: " + HOST, cookie).status());
  }

  @ParameterizedTest
  @CsvSource({
    "GET, evil.example:2223, '', ''", // a name that was made to lead here
    "GET, 127.0.0.1:2223, http://evil.example, cross-site",
    "GET, 127.0.0.1:2223, '', cross-site",
    "GET, 127.0.0.1:2223, '', same-site",
    "DELETE, 127.0.0.1:2223, '', ''",
    "DELETE, 127.0.0.1:2223, http://127.0.0.1:3000, same-site",
    "DELETE, 127.0.0.1:2223, http://127.0.0.1:2223, cross-site",
    "DELETE, 127.0.0.1:2223, http://127.0.0.1:2223, none",
    "DELETE, evil.example:2223, http://evil.example:2223, same-origin",
    "DELETE, 127.0.0.1:2223, https://127.0.0.1:2223, same-origin"
  })
  void cookieDoesNotCountForOtherPages(String method, String host, String origin, String site)
      throws IOException {
    String cookie = session(admin);
    assertEquals(403, withCookie(method, cookie, host, origin, site).status());
    String own = method.equals("GET") ? "" : OWN;
    int done = method.equals("GET") ? 200 : 204;
    assertEquals(done, withCookie(method, cookie, HOST, own, "same-origin").status());
  }

  private Answer withCookie(String method, String cookie, String host, String origin, String site)
      throws IOException {
    String path = method.equals("GET") ? "/v1/keys" : "/v1/keys/default";
    return ask(
        method,
        path,
        "",
        "Host: " + host,
        origin.isEmpty() ? "X: x" : "Origin: " + origin,
        site.isEmpty() ? "X: x" : "Sec-Fetch-Site: " + site,
        cookie);
  }

  @Test
  void sessionEndsWithItsKey() throws IOException {
    String cookie = session(joiner);
    keys.revoke("default");
    assertEquals(401, ask("GET", "/v1/clients", "", "Host: " + HOST, cookie).status());
  }

  @Test
  void loggingOutEndsTheSession() throws IOException {
    String cookie = session(admin);
    Answer out = ask("DELETE", "/v1/session", "", "Host: " + HOST, "Origin: " + OWN, cookie);
    assertEquals(204, out.status());
    assertTrue(out.headers().get("Set-Cookie").endsWith("Max-Age=0"), out.toString());
    assertEquals(401, ask("GET", "/v1/clients", "", "Host: " + HOST, cookie).status());
  }

  @Test
  void loggingOutThatIsRefusedEndsNothing() throws IOException {
    String cookie = session(admin);
    String key = "Authorization: Bearer " + joiner;
    assertEquals(403, ask("DELETE", "/v1/session", "", "Host: " + HOST, key, cookie).status());
    assertEquals(200, ask("GET", "/v1/clients", "", "Host: " + HOST, cookie).status());
  }

  @Test
  void adminSeesTheServersFigures() throws IOException {
    Answer figures = withKey("GET", "/v1/server", admin);
    assertEquals(200, figures.status());
    assertTrue(figures.body().contains("\"maxUsers\":10"), figures.body());
    assertTrue(figures.body().contains("\"turnedAway\":{\"max_users\":3}"), figures.body());
  }

  @Test
  void keyThatIsGivenCountsBeforeAnyCookie() throws IOException {
    String cookie = session(admin);
    assertEquals(
        "default",
        ask("GET", "/v1/session", "", "Host: " + HOST, "Authorization: Bearer " + joiner, cookie)
            .field("key"));
  }
}
