package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** curl and a browser reach what the client's network has, through {@code client forwarder}. */
@Timeout(240)
@Tag("beside")
@OneByOne
final class ForwarderIT {
  private static final String PAGE = "Hello from nginx.\n";
  private static final String LOGIN = "^PROXY LOGIN: ([A-Za-z0-9_-]+:[A-Za-z0-9_-]+)$";

  @TempDir private static Path directory;
  @AutoClose private static Nginx nginx;
  @AutoClose private static Account account;
  private static int port;
  private static String login;

  @BeforeAll
  static void start() throws IOException, InterruptedException {
    nginx = new Nginx(directory);
    Files.writeString(nginx.root().resolve("page.txt"), PAGE);
    account = new Account(directory.resolve("account"));
    account.server();
    Program client = forwarder(Map.of());
    port = Account.publicPort(client);
    login = client.awaitOut(LOGIN).text().replaceFirst(LOGIN, "$1");
    assertEquals(2, client.out().all().size(), client.said());
  }

  private static Program forwarder(Map<String, String> environment, String... words)
      throws IOException {
    List<String> all =
        new ArrayList<>(List.of("client", "forwarder", "--svr_addr", account.control()));
    all.addAll(Arrays.asList(words));
    return account.l4proxy(environment, all.toArray(String[]::new));
  }

  private static String curl(int proxy, String user, String... words)
      throws IOException, InterruptedException {
    return Curl.through(directory, proxy, user, words);
  }

  private static String url(String path) {
    return "http://127.0.0.1:" + nginx.port() + path;
  }

  @Test
  void curlGetsAPage() throws IOException, InterruptedException {
    assertEquals(PAGE + "200 000", curl(port, login, url("/page.txt")));
  }

  @Test
  void curlGetsAPageThroughConnect() throws IOException, InterruptedException {
    assertEquals(PAGE + "200 200", curl(port, login, "-p", url("/page.txt")));
  }

  @Test
  void curlIsAskedForTheLogin() throws IOException, InterruptedException {
    String wrong = login.substring(0, login.length() - 1);
    String nothing = curl(port, "", "-o", "nothing", url("/page.txt"));
    assertEquals("407 000", nothing);
    assertEquals("407 000", curl(port, wrong, "-o", "nothing", url("/page.txt")));
    assertEquals("000 407", curl(port, wrong, "-p", "-o", "nothing", url("/page.txt")));
    // curl asks which scheme first, and sends the login then
    assertEquals(PAGE + "200 000", curl(port, login, "--proxy-anyauth", url("/page.txt")));
  }

  @Test
  void fiftyMegabytesAreExact() throws IOException, InterruptedException {
    Path file = Content.file(nginx.root().resolve("large"), 50L * 1024 * 1024, 2);
    assertEquals("200 000", curl(port, login, "-o", "large", url("/large")));
    assertEquals(Content.sha256(file), Content.sha256(directory.resolve("large")));
    assertEquals("200 200", curl(port, login, "-p", "-o", "tunnelled", url("/large")));
    assertEquals(Content.sha256(file), Content.sha256(directory.resolve("tunnelled")));
  }

  @Test
  void severalRequestsUseOneConnectionOnBothSides() throws IOException, InterruptedException {
    String page = url("/page.txt");
    String said =
        curl(
            port,
            login,
            "-w",
            "%{num_connects} %header{x-connection}\\n",
            "-o",
            "1",
            page,
            "-o",
            "2",
            page,
            "-o",
            "3",
            page);
    List<String> lines = said.lines().toList();
    String connection = lines.getFirst().split(" ", -1)[1];
    assertEquals(List.of("1 " + connection, "0 " + connection, "0 " + connection), lines);
  }

  @Test
  void bodiesArriveWithALengthAndInChunks() throws IOException, InterruptedException {
    Path body = Content.file(directory.resolve("body"), 3L * 1024 * 1024, 4);
    try (HttpEcho echo = new HttpEcho()) {
      String url = "http://127.0.0.1:" + echo.port() + "/";
      String file = "@" + body;
      assertEquals("200 000", curl(port, login, "-o", "back", "--data-binary", file, url));
      assertEquals(Content.sha256(body), Content.sha256(directory.resolve("back")));
      String chunked = "Transfer-Encoding: chunked";
      assertEquals(
          "200 000", curl(port, login, "-o", "chunks", "-H", chunked, "--data-binary", file, url));
      assertEquals(Content.sha256(body), Content.sha256(directory.resolve("chunks")));
      assertEquals(
          "200 000",
          curl(
              port,
              login,
              "-o",
              "asked",
              "-H",
              "Expect: 100-continue",
              "-T",
              body.toString(),
              url));
      assertEquals(Content.sha256(body), Content.sha256(directory.resolve("asked")));
    }
  }

  @Test
  void halfCloseIsPassedOn() throws IOException {
    try (EchoBackend backend =
            new EchoBackend(socket -> {
              long end = Content.readAll(socket.getInputStream(), 0);
              socket.getOutputStream().write(("got " + end).getBytes(StandardCharsets.US_ASCII));
            });
        Socket user = Users.connect(port)) {
      String basic = Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.US_ASCII));
      user.getOutputStream()
          .write(
              ("CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic %s\r\n\r\n"
                      .formatted(backend.port(), basic))
                  .getBytes(StandardCharsets.US_ASCII));
      Content.write(user.getOutputStream(), 500_000);
      user.shutdownOutput();
      String said = new String(user.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertEquals("HTTP/1.1 200 Connection established\r\n\r\ngot 500000", said);
    }
  }

  @Test
  void loginIsGivenAndNeverShown() throws IOException, InterruptedException {
    Program client = forwarder(Map.of("L4PROXY_USER_AUTH", "me:my-own-secret"));
    int proxy = Account.publicPort(client);
    client.awaitOut("^PROXY LOGIN: me:my-own-secret$");
    assertEquals(PAGE + "200 000", curl(proxy, "me:my-own-secret", url("/page.txt")));
    assertEquals("407 000", curl(proxy, "me:other", "-o", "nothing", url("/page.txt")));
    assertFalse(client.err().text().contains("my-own-secret"), client.said());
  }

  @Test
  void allowedUsersNeedNoLoginAndOthersGetNone() throws IOException, InterruptedException {
    Program client = forwarder(Map.of(), "--allow", "127.0.0.1,2001:db8::/32");
    int proxy = Account.publicPort(client);
    assertEquals(PAGE + "200 000", curl(proxy, "", url("/page.txt")));
    Program stranger = forwarder(Map.of(), "--allow", "192.0.2.0/24");
    int refusing = Account.publicPort(stranger);
    assertEquals("403 000", curl(refusing, "", "-o", "nothing", url("/page.txt")));
    client.terminate();
    assertEquals(0, client.exit(), client.said());
    assertEquals(1, client.out().all().size(), client.said());
  }

  @Test
  void openProxyNeedsTheWord() throws IOException, InterruptedException {
    int proxy = Account.publicPort(forwarder(Map.of(), "--user_auth", "none"));
    assertEquals(PAGE + "200 000", curl(proxy, "", url("/page.txt")));
  }

  @Test
  void wrongWordsAreExplained() throws IOException, InterruptedException {
    for (String[] words :
        new String[][] {
          {"--user_auth", "name"},
          {"--user_auth", ""},
          {"--allow", "10.0.0.1/8"},
          {"--allow", "example.org"},
          {"127.0.0.1", "22"},
        }) {
      Program client = forwarder(Map.of(), words);
      assertEquals(2, client.exit(), client.said());
      assertEquals(List.of(), client.out().all(), client.said());
      assertEquals(1, client.err().all().size(), client.said());
    }
  }

  @Test
  void serverThatIsNotThereIs502() throws IOException, InterruptedException {
    int nobody = FreePorts.next();
    String url = "http://127.0.0.1:" + nobody + "/";
    assertEquals("502 000", curl(port, login, "-o", "nothing", url));
    assertEquals("000 502", curl(port, login, "-p", "-o", "nothing", url));
  }

  @Test
  void browserSpeaksTlsThroughTheProxy() throws IOException, InterruptedException {
    Path own = Files.createDirectories(directory.resolve("browser-tls"));
    Program client = forwarder(Map.of(), "--allow", "127.0.0.0/8");
    String proxy = "http://127.0.0.1:" + Account.publicPort(client);
    String dom = Chromium.page(own, proxy, "https://" + account.control() + "/healthz");
    assertTrue(dom.contains("\"alive\":true"), dom);
  }

  @Test
  void browserShowsAPageWithAllThatBelongsToIt() throws IOException, InterruptedException {
    Files.writeString(
        nginx.root().resolve("index.html"),
        """
        <!doctype html>
        <html><head><script src="set.js"></script></head>
        <body><p id="text">empty</p><script>show();</script></body></html>
        """);
    Files.writeString(
        nginx.root().resolve("set.js"),
        """
        function show() {
          const request = new XMLHttpRequest();
          request.open("GET", "page.txt", false);
          request.send();
          document.getElementById("text").textContent = "loaded " + request.responseText;
        }
        """);
    Path own = Files.createDirectories(directory.resolve("browser"));
    Program client = forwarder(Map.of(), "--allow", "127.0.0.0/8");
    String dom =
        Chromium.page(own, "http://127.0.0.1:" + Account.publicPort(client), url("/index.html"));
    assertTrue(dom.contains("loaded " + PAGE), dom);
    Program stranger = forwarder(Map.of(), "--allow", "192.0.2.0/24");
    String refused =
        Chromium.page(own, "http://127.0.0.1:" + Account.publicPort(stranger), url("/index.html"));
    assertFalse(refused.contains("loaded"), refused);
  }
}
