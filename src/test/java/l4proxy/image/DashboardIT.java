package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard in a browser, from the command's link to what its buttons do. */
@Timeout(240)
@Tag("beside")
@OneByOne
final class DashboardIT {
  private static final String ROW = "document.querySelector('#services tbody tr')";

  @TempDir private static Path profile;
  @AutoClose private static Browser browser;

  @TempDir private Path directory;
  @AutoClose private Account account;
  @AutoClose private EchoBackend backend;
  private Program server;
  private Program client;
  private int port;
  private String api;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    account = new Account(directory.resolve("account"));
    backend = new EchoBackend();
    server = account.server("--api_addr", "127.0.0.1:0", "--ports", FreePorts.MANY);
    String listens = server.awaitErr("API listens on ").text();
    api = listens.substring(listens.lastIndexOf(' ') + 1);
    client = account.client(backend.port(), "--client_name", "shown");
    port = Account.publicPort(client);
  }

  private String link() throws IOException, InterruptedException {
    return Account.only(account.l4proxy("dashboard", "--svr_addr", account.control()));
  }

  private static DevTools browser() throws IOException, InterruptedException {
    if (browser == null) {
      browser = new Browser(profile);
    }
    return browser.page();
  }

  /** Answers the question that a button asks. */
  private static void press(DevTools browser, String button) throws InterruptedException {
    browser.value(button + ".click()");
    browser.await("document.getElementById('ask').open");
    browser.value("document.getElementById('ask-yes').click()");
  }

  private static String input(String id, String value) {
    return "document.getElementById('" + id + "').value = '" + value + "'";
  }

  @Test
  void commandPrintsALinkThatLogsInOnceAndShowsWhatIsExposed() throws Exception {
    String link = link();
    assertTrue(link.matches("http://" + api + "/#code=[A-Za-z0-9_-]{22}"), link);
    try (DevTools browser = browser()) {
      browser.go(link);
      browser.await(ROW + ".innerText.includes('shown')");
      browser.await("document.getElementById('live').textContent === 'live'");
      assertEquals("http://" + api + "/", browser.value("location.href"));
      assertEquals("", browser.value("document.cookie"));
      String cookies = browser.cookies();
      assertTrue(cookies.contains("\"httpOnly\":true"), cookies);
      assertTrue(cookies.contains("\"sameSite\":\"Strict\""), cookies);
      assertTrue(browser.value(ROW + ".innerText").contains("127.0.0.1:" + port));
      try (Busy busy = new Busy()) {
        browser.await("document.querySelectorAll('#services tbody tr').length === 7");
        TimeUnit.SECONDS.sleep(Faults.LONG ? 130 : 3); // README shows the picture of the long form
        pictures(browser);
      }
      browser.value("document.getElementById('log-out').click()");
      browser.await("!document.getElementById('login').hidden");

      browser.go("about:blank");
      browser.go(link);
      browser.await("document.getElementById('problem').textContent.includes('The code was used')");
    }
  }

  /**
   * More services, with users who say something now and then: a page that has something to show.
   */
  private final class Busy implements AutoCloseable {
    private static final List<String> NAMES =
        List.of("git", "grafana", "minecraft", "postgres", "ssh", "web");

    private final Program more;
    private final List<Socket> users = new ArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    Busy() throws IOException, InterruptedException {
      String service = "{\"name\": \"%s\", \"port\": " + backend.port() + "}";
      String all = NAMES.stream().map(service::formatted).collect(Collectors.joining(", "));
      Path file = directory.resolve("more.json");
      Files.writeString(
          file, "{\"server\": \"" + account.control() + "\", \"services\": [" + all + "]}");
      more = account.l4proxy("client", "--config", file.toString());
      for (String name : NAMES) {
        String line = more.awaitOut("^PUBLIC ADDRESS: .* " + name + "$").text();
        int open = Integer.parseInt(line.replaceAll(".*:([0-9]+) .*", "$1"));
        for (int i = 0; i < NAMES.indexOf(name); i++) {
          Socket user = Users.connect(open);
          users.add(user);
          threads.execute(() -> chat(user));
        }
      }
    }

    private void chat(Socket user) {
      Random random = new Random(user.getLocalPort());
      try {
        while (true) {
          byte[] said = new byte[1 + random.nextInt(30_000)];
          user.getOutputStream().write(said);
          user.getInputStream().readNBytes(said.length);
          TimeUnit.MILLISECONDS.sleep(random.nextInt(2_000));
        }
      } catch (IOException over) {
        // it was closed
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() throws IOException {
      for (Socket user : users) {
        user.close();
      }
      threads.close();
      more.close();
    }
  }

  /** Kept where the build's other results are, for people to look at. */
  private void pictures(DevTools browser) throws Exception {
    Path kept = Files.createDirectories(Path.of("target/dashboard"));
    byte[] before = {};
    for (String scheme : List.of("light", "dark")) {
      browser.look(scheme, 1400, 1000);
      byte[] picture = browser.picture();
      assertNotEquals(before.length, picture.length);
      before = picture;
      Files.write(kept.resolve(scheme + ".png"), picture);
      browser.look(scheme, 390, 844);
      assertTrue(
          Integer.parseInt(browser.value("document.documentElement.scrollWidth")) <= 390,
          "the page is wider than a phone");
      Files.write(kept.resolve(scheme + "-phone.png"), browser.picture());
    }
    browser.look("light", 1400, 1000);
  }

  @Test
  void throughTheControlPortWhenThereIsNoOther() throws Exception {
    try (Account other = new Account(directory.resolve("other"))) {
      other.server();
      String link = Account.only(other.l4proxy("dashboard", "--svr_addr", other.control()));
      assertTrue(link.startsWith("https://" + other.control() + "/#code="), link);
      try (DevTools browser = browser()) {
        browser.go(link);
        browser.await("document.getElementById('services-count').textContent === '0 services'");
        assertTrue(browser.cookies().contains("\"secure\":true"), browser.cookies());
      }
    }
  }

  @Test
  void pastedKeyLogsInAndButtonsEndUsersServicesAndKeys() throws Exception {
    try (DevTools browser = browser();
        Socket user = Users.connect(port)) {
      Users.echo(user);
      browser.go("http://" + api.replace("127.0.0.1", "localhost") + "/");
      browser.await("!document.getElementById('login').hidden");
      browser.value(input("key", account.rememberedKey()));
      browser.value("document.querySelector('#login-form button').click()");
      browser.await(ROW + ".innerText.includes('shown')");
      assertEquals("{\"cookies\":[]}", browser.cookies());

      browser.await("document.querySelector('#services td[data-label=Users]').innerText === '1'");
      browser.value("document.querySelector('#services td[data-label=Users] button').click()");
      browser.await("document.querySelectorAll('#users tbody tr').length === 1");
      press(browser, "document.querySelector('#users tbody .danger')");
      assertThrows(SocketException.class, () -> user.getInputStream().read());

      makeKey(browser, "office");
      browser.value("document.getElementById('made-close').click()");
      browser.await("document.getElementById('made-command').textContent === ''");
      String revoke = "document.querySelector('#keys [aria-label=\"Revoke key office\"]')";
      browser.await(revoke + " !== null");
      press(browser, revoke);
      browser.await(revoke + " === null");
      browser.value("document.querySelector('#keys [aria-label=\"Revoke key admin\"]').click()");
      browser.await("document.getElementById('ask').innerText.includes('the last admin key')");
      String close = "document.querySelector('#services tbody .danger').click()";
      browser.value("(document.getElementById('ask-no').click(), " + close + ")");
      browser.await("document.getElementById('ask').innerText.includes('Close the service')");
      browser.value("document.getElementById('ask-yes').click()");
      browser.await("document.querySelectorAll('#services tbody tr').length === 0");
      assertEquals(1, client.exit());
    }
  }

  /** Makes a key, and looks at the command that is shown with it. */
  private void makeKey(DevTools browser, String name) throws Exception {
    browser.value(input("new-name", name));
    browser.value("document.querySelector('#create-key .main').click()");
    browser.await("document.getElementById('made').open");
    String command = browser.value("document.getElementById('made-command').textContent");
    assertTrue(
        command.matches(
            "L4PROXY_JOIN=l4p1_[A-Za-z0-9_-]{86} l4proxy client --svr_addr "
                + Pattern.quote(account.control())
                + " 127\\.0\\.0\\.1 22"),
        command);
  }

  /** Answers for a server whose figures cannot be had. */
  private static final String NO_FIGURES =
      """
      const real = window.fetch;
      window.fetch = (path, more) => path === "/v1/server" && !window.again
        ? Promise.resolve(new Response("{}", {status: 503})) : real(path, more);
      """;

  @Test
  void keyMadeBeforeTheFiguresAreThereIsShown() throws Exception {
    try (DevTools browser = browser()) {
      browser.before(NO_FIGURES);
      browser.go(link());
      browser.await("!document.getElementById('content').hidden");
      browser.value("window.again = true");
      makeKey(browser, "early");
    }
  }

  @Test
  void everybodyCanReadItAndUseItByKeyboard() throws Exception {
    String rows = "document.querySelectorAll('#services tbody tr').length";
    String close = "#services tbody .danger";
    try (DevTools browser = browser();
        Socket user = Users.connect(port)) {
      Users.echo(user);
      browser.go("http://" + api + "/");
      browser.await("!document.getElementById('login').hidden");
      Accessibility.check(browser, "login");

      browser.go("about:blank");
      browser.go(link());
      browser.await("document.querySelector('#services td[data-label=Users]').innerText === '1'");
      browser.value("document.querySelector('#services td[data-label=Users] button').click()");
      browser.await("document.querySelectorAll('#users tbody tr').length === 1");
      account.key("office");
      Account.publicPort(account.client(backend.port(), "--client_name", "zebra"));
      browser.await("document.querySelectorAll('#events li').length > 0");
      browser.await("document.querySelectorAll('#services tbody tr').length === 2");
      Accessibility.check(browser, "all that there is");
      for (int width : List.of(1400, 360)) {
        browser.look("light", width, 900);
        Map<String, Integer> roles = Accessibility.roles(browser, "tables");
        assertTrue(roles.getOrDefault("table", 0) >= 3, roles.toString());
        assertTrue(roles.getOrDefault("columnheader", 0) >= 20, roles.toString());
        assertTrue(roles.getOrDefault("cell", 0) >= 20, roles.toString());
        Accessibility.tabThrough(browser);
      }
      browser.look("light", 1400, 1000);

      browser.value("document.activeElement.blur()");
      Accessibility.tabTo(browser, close);
      browser.press("Enter");
      browser.await("document.getElementById('ask').open");
      Accessibility.check(browser, "question");
      browser.press("Escape");
      browser.await("!document.getElementById('ask').open");
      assertEquals("2", browser.value(rows));
      browser.await("document.activeElement.matches('" + close + "')");
      browser.press("Enter");
      Accessibility.tabTo(browser, "#ask-yes");
      browser.press("Enter");
      browser.await(rows + " === 1");
      assertEquals(1, client.exit());

      browser.value("document.getElementById('made').showModal()");
      Accessibility.check(browser, "new key");
      browser.value("document.getElementById('made').close()");
      server.terminate();
      browser.await("document.getElementById('content').classList.contains('stale')");
      Accessibility.check(browser, "connection lost");
    }
  }

  @Test
  void healthAndTheServersOwnServicesAreShown() throws Exception {
    String health = "document.querySelector('#services td[data-label=Health]').innerText";
    account.l4proxy("server", "forwarder", "--svr_addr", account.control()).exit();
    try (DevTools browser = browser()) {
      browser.go(link());
      browser.await(health + " === 'up'");
      backend.close();
      for (int i = 0; i < 3; i++) {
        try (Socket user = Users.connect(port)) {
          assertThrows(SocketException.class, () -> user.getInputStream().read());
        }
      }
      browser.await(health + " === 'down'");

      String rows = "document.querySelectorAll('#own tbody tr').length";
      browser.await("document.querySelector('#own tbody tr').innerText.includes('http forwarder')");
      Accessibility.check(browser, "own services");
      press(browser, "document.querySelector('#own tbody .danger')");
      browser.await(rows + " === 0");
    }
  }

  @Test
  void lostConnectionIsSaid() throws Exception {
    try (DevTools browser = browser()) {
      browser.go(link());
      browser.await(ROW + ".innerText.includes('shown')");
      server.terminate();
      assertEquals(0, server.exit(), server.said());
      browser.await("document.getElementById('live').textContent.startsWith('connection lost')");
      browser.await("document.getElementById('content').classList.contains('stale')");
    }
  }

  /** Keeps answers of a path from the page until each is let go. */
  private static final String HOLDS =
      """
      const real = window.fetch;
      window.held = [];
      window.fetch = async (path, more) => {
        const answer = await real(path, {...more, signal: undefined});
        if (window.holds && path.includes(window.holds)) await new Promise((go) => held.push(go));
        return answer;
      };
      """;

  @Test
  void usersOfAnotherServiceThatComeLateAreNotShown() throws Exception {
    Account.publicPort(account.client(backend.port(), "--client_name", "zebra"));
    String users = "#services td[data-label=Users] button";
    try (DevTools browser = browser();
        Socket user = Users.connect(port)) {
      Users.echo(user);
      browser.before(HOLDS);
      browser.go(link());
      browser.await("document.querySelector('" + users + "').innerText === '1'");
      browser.await("document.querySelectorAll('" + users + "').length === 2");
      browser.value("window.holds = '/users?'");
      browser.value("document.querySelector('" + users + "').click()");
      browser.await("held.length === 1");
      browser.value("document.querySelectorAll('" + users + "')[1].click()");
      browser.value("held[0]()");
      browser.await("held.length === 2");
      String title = browser.value("document.getElementById('users-title').textContent");
      assertTrue(title.startsWith("Users of zebra at "), title);
      assertEquals("0", browser.value("document.querySelectorAll('#users tbody tr').length"));
    }
  }

  @Test
  void whatAFormerKeyAskedForIsNotShown() throws Exception {
    String office = account.key("office");
    String rows = "document.querySelectorAll('#services tbody tr').length";
    try (DevTools browser = browser()) {
      browser.before(HOLDS);
      browser.go(link());
      browser.await(rows + " === 1");
      browser.value("window.holds = '/v1/clients?'");
      browser.await("held.length === 1");
      browser.value("document.getElementById('log-out').click()");
      browser.await("!document.getElementById('login').hidden");
      browser.value(input("key", office));
      browser.value("document.querySelector('#login-form button').click()");
      browser.await("document.getElementById('key-name').textContent === 'key office'");
      browser.value("held[0]()");
      browser.await("held.length === 2");
      assertEquals("0", browser.value(rows));
      browser.value("window.holds = ''");
      browser.value("held[1]()");
      browser.await("document.getElementById('live').textContent === 'live'");
      browser.await("!document.getElementById('content').hidden");
      assertEquals("0", browser.value(rows));
    }
  }

  /** Answers as a server with many services would, one of them of a bad mind. */
  private static final String MANY =
      """
      const real = window.fetch;
      const many = Array.from({length: 1000}, (_, i) => ({
        name: "n" + i, displayName: "service-" + String(i).padStart(3, "0"),
        publicAddress: "example.org:" + (10000 + i), internalAddress: "example.org:2222",
        backend: "127.0.0.1:22", sharePublicAddr: i % 2 === 1, direct: false, key: "k" + i % 7,
        state: "connected", version: "1", connectedAt: "2026-01-02T03:04:05Z", users: i,
        speedIn: i, speedOut: i, bytesIn: i, bytesOut: i, rttMillis: 1, health: "up"}));
      many[0].displayName = many[0].backend = "<img src=x onerror='document.title = 1'>";
      const body = JSON.stringify({clients: many, nextPageToken: "", totalCount: 1000});
      window.fetch = (path, more) => path.startsWith("/v1/clients?")
        ? Promise.resolve(new Response(body, {status: 200})) : real(path, more);
      """;

  @Test
  void thousandServicesArePagedFilteredAndSortedAndShownAsText() throws Exception {
    String rows = "document.querySelectorAll('#services tbody tr').length";
    String count = "document.getElementById('services-count').textContent";
    String filter = "document.getElementById('services-filter')";
    try (DevTools browser = browser()) {
      browser.before(MANY);
      browser.go(link());
      browser.await(count + " === '1,000 services'");
      assertEquals("50", browser.value(rows));
      assertEquals("0", browser.value("document.images.length"));
      assertTrue(browser.value(ROW + ".innerText").contains("<img src=x"));

      browser.value("document.querySelector('#services-pages button:last-child').click()");
      assertTrue(browser.value(ROW + ".innerText").contains("service-050"));
      String sort = "document.querySelector('#services th:nth-child(6) button').click()";
      String millis =
          browser.value(
              "(() => { const t = performance.now(); "
                  + sort
                  + "; return performance.now() - t })()");
      System.out.println("FIGURE: 1,000 services sorted in the browser: " + millis + " ms");
      assertTrue(Double.parseDouble(millis) < 1_000, millis);
      String second = browser.value(ROW + ".innerText");
      assertTrue(second.contains("service-949"), second);

      String typed = ".value = 'k3 service-10', " + filter + ".dispatchEvent(new Event('input'))";
      browser.value(filter + typed);
      browser.await(count + " === '2 of 1,000 services'");
      assertEquals("2", browser.value(rows));
    }
  }

  /** What a browser opens with a session's cookie stays open, as with a key. */
  @Test
  void connectionWithACookieIsAnsweredMoreThanOnce() throws Exception {
    String link = link();
    String code = link.substring(link.indexOf('=') + 1);
    String body = "{\"code\":\"" + code + "\"}";
    String begun =
        Curl.run(directory, "-i", "-H", "Origin: http://" + api, "-d", body, url("/v1/session"));
    Matcher cookie = Pattern.compile("l4proxy_[0-9]+=[A-Za-z0-9_-]+").matcher(begun);
    assertTrue(cookie.find(), begun);
    String again = "%{num_connects} ";
    List<String> words = new ArrayList<>(List.of("-b", cookie.group(), "-o", "/dev/null"));
    words.addAll(List.of("-o", "/dev/null", "-w", again, url("/v1/clients"), url("/v1/session")));
    assertEquals("1 0 ", Curl.run(directory, words.toArray(String[]::new)));
  }

  private String url(String path) {
    return "http://" + api + path;
  }
}
