package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import l4proxy.api.ApiServer;
import l4proxy.api.EventFeed;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.Keys;
import l4proxy.auth.Pin;
import l4proxy.auth.StateDirectory;
import l4proxy.events.Counters;
import l4proxy.events.Event;
import l4proxy.net.Sockets;
import l4proxy.net.Watch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP byte by byte at the API's way in: whatever is no request is answered with a problem. */
@Timeout(60)
final class ApiPortTest {
  private static final String GOOD = "GET /healthz HTTP/1.1\r\nHost: x\r\nKEY\r\n";
  private static final String ASKS = "GET /v1/clients HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";

  @TempDir Path directory;
  private final EventFeed feed = new EventFeed();
  private StateDirectory state;
  private final Watch watch = new Watch();
  private ApiServer api;
  private ApiPort port;
  private String key;
  private String other;

  @BeforeEach
  void open() throws Exception {
    state = StateDirectory.open(directory);
    Keys keys = Keys.open(state, new Pin("A".repeat(43)));
    key = "Authorization: Bearer " + keys.created().orElseThrow().adminKey().text() + "\r\n";
    other = "Authorization: Bearer " + keys.created().orElseThrow().defaultKey().text() + "\r\n";
    BrowserSessions browsers = new BrowserSessions(keys);
    ProxyServer proxy = mock(ProxyServer.class);
    when(proxy.keys()).thenReturn(keys);
    when(proxy.browsers()).thenReturn(browsers);
    ServerView view = mock(ServerView.class);
    when(proxy.view()).thenReturn(view);
    when(view.clients()).thenReturn(List.of());
    when(proxy.version()).thenReturn("1.2.3");
    api = new ApiServer(proxy, new Counters(), feed);
    port =
        new ApiPort(
            Sockets.listen(new InetSocketAddress("127.0.0.1", 0)),
            new Handshakes(),
            new HttpDoor(api.address(), keys, browsers, watch));
  }

  @AfterEach
  void close() {
    port.close();
    api.close();
    watch.close();
    state.close();
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket("127.0.0.1", port.loop().port());
    socket.setSoTimeout(20_000);
    return socket;
  }

  private void send(Socket socket, String text) throws IOException {
    socket
        .getOutputStream()
        .write(text.replace("KEY\r\n", key + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** All that is said to what is sent. */
  private String said(String text) throws IOException {
    try (Socket socket = connect()) {
      send(socket, text);
      return text(socket.getInputStream().readAllBytes());
    }
  }

  private static void assertProblem(int status, String said) {
    assertTrue(said.startsWith("HTTP/1.1 " + status + " "), said);
    int body = said.indexOf("\r\n\r\n") + 4;
    String head = said.substring(0, body).toLowerCase(java.util.Locale.ROOT);
    assertTrue(head.contains("\r\ncontent-type: application/problem+json\r\n"), said);
    assertTrue(head.contains("\r\ncontent-length: " + (said.length() - body) + "\r\n"), said);
    assertTrue(head.contains("\r\nconnection: close\r\n"), said);
    JsonObject problem = JsonParser.parseString(said.substring(body)).getAsJsonObject();
    assertEquals(status, problem.get("status").getAsInt());
    assertTrue(problem.get("detail").getAsString().matches("[A-Z][^\n]*[.]"), said);
  }

  /** One answer with a body of a length that is said; empty at the end. */
  private static String answer(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int b = in.read();
      if (b < 0) {
        return head.toString();
      }
      head.append((char) b);
    }
    String length = head.toString().replaceFirst("(?is).*\ncontent-length: *([0-9]+).*", "$1");
    return head + text(in.readNBytes(Integer.parseInt(length)));
  }

  private static Arguments refused(int status, String request) {
    return Arguments.of(status, request);
  }

  private static Arguments head(int status, String fields) {
    return Arguments.of(status, "POST /v1/keys HTTP/1.1\r\n" + fields + "\r\nKEY\r\n{}");
  }

  private static Arguments target(int status, String target) {
    return Arguments.of(status, "GET " + target + " HTTP/1.1\r\nHost: x\r\nKEY\r\n");
  }

  private static Stream<Arguments> malformed() {
    return Stream.of(
        target(400, "/v1/clients?pageToken=%zz"),
        target(400, "/v1/clients?pageToken=%"),
        target(400, "/v1/clients/%zz"),
        target(400, "/v1/clients/{a}"),
        target(400, "/v1/clients/a|b"),
        target(400, "/v1/clients/\u00e4"),
        target(400, "/healthz#part"),
        target(400, "/healthz?a=b\u0000"),
        target(400, "healthz"),
        target(405, "*"),
        target(400, "ftp://x/healthz"),
        target(400, "http://a@b/healthz"),
        target(431, "/" + "a".repeat(17_000)),
        refused(405, "OPTIONS * HTTP/1.1\r\nHost: x\r\nKEY\r\n"),
        refused(405, "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nKEY\r\n"),
        refused(400, "GET /healthz\r\n\r\n"),
        refused(400, "GET  /healthz HTTP/1.1\r\nHost: x\r\nKEY\r\n"),
        refused(400, "GET /healthz HTTP/1.1\nHost: x\n\n"),
        refused(400, "GET /healthz HTTP/1.1 \r\nHost: x\r\nKEY\r\n"),
        refused(400, "nonsense\r\n\r\n"),
        refused(400, "\u0016\u0003\u0001\u0002\u0000\u0001"),
        refused(505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        refused(505, "GET /healthz HTTP/3.0\r\nHost: x\r\nKEY\r\n"),
        refused(400, "GET /healthz HTTP/1.1\r\nKEY\r\n"),
        head(400, "Host: x\r\nHost: x"),
        head(400, "Host: x y"),
        head(400, "Host: x/y"),
        head(400, "Host: x\r\nContent-Length: abc"),
        head(400, "Host: x\r\nContent-Length: -5"),
        head(400, "Host: x\r\nContent-Length: 2\r\nContent-Length: 2"),
        head(400, "Host: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked"),
        head(501, "Host: x\r\nTransfer-Encoding: gzip"),
        head(400, "Host: x\r\nX: a\r\n b"),
        head(400, "Host: x\r\nX : a"),
        head(400, "Host: x\r\nX: a\u0000b"),
        head(400, "Host: x\r\nAuthorization: Bearer l4p1_x\r\nAuthorization: Bearer l4p1_y"),
        head(431, "Host: x\r\nX: " + "a".repeat(17_000)),
        head(431, "Host: x" + "\r\nX: a".repeat(100)),
        head(413, "Host: x\r\nContent-Length: 65537"),
        head(413, "Host: x\r\nContent-Length: 999999999999999999"));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void whatIsNoRequestIsAProblem(int status, String request) throws Exception {
    assertProblem(status, said(request));
    assertProblem(status, said(request.replace("KEY\r\n", "\r\n")));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void laterOneOfAConnectionIsAnsweredInItsTurn(int status, String request) throws Exception {
    try (Socket socket = connect()) {
      send(socket, GOOD + GOOD + request);
      InputStream in = socket.getInputStream();
      assertTrue(answer(in).startsWith("HTTP/1.1 200 "));
      assertTrue(answer(in).endsWith("{\"alive\":true}"));
      assertProblem(status, answer(in));
      assertEquals(-1, in.read());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x\r\n{}\r\n0\r\n\r\n",
        "2\r\n{} \r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\n",
        "2\n{}\r\n0\r\n\r\n",
        "2\r\n{}\r\n0\r\nno trailer\r\n\r\n"
      })
  void chunksThatAreNoneAreAProblemAndNothingIsDone(String body) throws Exception {
    String head = " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n";
    assertProblem(400, said("POST /v1/keys" + head + "KEY\r\n" + body));
    assertProblem(400, said("POST /v1/session" + head + "\r\n" + body));
  }

  @Test
  void bodyThatIsCutIsAProblem() throws Exception {
    for (String proof : List.of("KEY\r\n", "\r\n")) {
      try (Socket socket = connect()) {
        send(socket, "POST /v1/keys HTTP/1.1\r\nContent-Length: 9\r\nHost: x\r\n" + proof + "{}");
        socket.shutdownOutput();
        assertProblem(400, text(socket.getInputStream().readAllBytes()));
      }
    }
  }

  @Test
  void headThatIsCutIsAProblem() throws Exception {
    try (Socket socket = connect()) {
      send(socket, "GET /healthz HTTP/1.1\r\nHost:");
      socket.shutdownOutput();
      assertProblem(400, text(socket.getInputStream().readAllBytes()));
    }
  }

  /** All at the same time, since each waits for its 5 s. */
  @Test
  void whoeverIsSlowWithAHeadOrABodyIsToldSo() throws Exception {
    String head = "POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n";
    List<String> slow =
        List.of(
            "GET /healthz HTTP/1.1\r\nHost: x",
            head + "\r\n{",
            head + key + "\r\n{",
            GOOD + "G",
            GOOD + head + key + "\r\n{");
    List<Socket> sockets = new ArrayList<>();
    try {
      for (String each : slow) {
        sockets.add(connect());
        send(sockets.getLast(), each);
      }
      for (int i = 0; i < slow.size(); i++) {
        InputStream in = sockets.get(i).getInputStream();
        if (slow.get(i).startsWith(GOOD)) {
          assertTrue(answer(in).startsWith("HTTP/1.1 200 "));
        }
        assertProblem(408, text(in.readAllBytes()));
      }
    } finally {
      for (Socket each : sockets) {
        each.close();
      }
    }
  }

  @Test
  void keyThatComesElevenHundredTimesTakesNoPlaceFromOthers() throws Exception {
    String hangs = "POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n" + other + "\r\n";
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 1_100; i++) {
        sockets.add(connect());
        send(sockets.getLast(), hangs);
      }
      assertTrue(said("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").endsWith("{\"alive\":true}"));
      assertTrue(said(ASKS + "KEY\r\n").startsWith("HTTP/1.1 200 "));
    } finally {
      for (Socket each : sockets) {
        each.close();
      }
    }
  }

  @Test
  void keyThatHasItsFillIsToldSoUntilAConnectionEnds() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < HttpPlaces.OF_KEY; i++) {
        sockets.add(connect());
        send(sockets.getLast(), GOOD.replace("KEY\r\n", other + "\r\n"));
        assertTrue(answer(sockets.getLast().getInputStream()).startsWith("HTTP/1.1 200 "));
      }
      assertProblem(503, said(ASKS + other + "\r\n"));
      assertTrue(said(ASKS + "KEY\r\n").startsWith("HTTP/1.1 200 "));
      sockets.getFirst().close();
      Awaitility.await().until(() -> said(ASKS + other + "\r\n").startsWith("HTTP/1.1 200 "));
    } finally {
      for (Socket each : sockets) {
        each.close();
      }
    }
  }

  @Test
  void bodyOfTenMegabytesIsRefusedHoweverItIsSent() throws Exception {
    String body = "a".repeat(10_000_000);
    String chunked = "Transfer-Encoding: chunked\r\n\r\n989680\r\n" + body + "\r\n0\r\n\r\n";
    String length = "Content-Length: 10000000\r\n\r\n" + body;
    for (String rest : List.of(chunked, length)) {
      assertProblem(413, said("POST /v1/keys HTTP/1.1\r\nHost: x\r\n" + key + rest));
    }
  }

  @Test
  void longestBodyIsReadAndRequestsGoOn() throws Exception {
    String body = "{\"name\":\"a\"" + " ".repeat(64 * 1024 - 13) + "}";
    try (Socket socket = connect()) {
      String head = "POST /v1/keys HTTP/1.1\r\nHost: x\r\n" + key;
      send(socket, head + "Content-Length: " + body.length() + "\r\n\r\n" + body);
      assertTrue(answer(socket.getInputStream()).startsWith("HTTP/1.1 201 "));
      String small =
          "Transfer-Encoding: chunked\r\n\r\n"
              + "2;x=y\r\n"
              + "{\"\r\n"
              + "9\r\n"
              + "name\":\"b\"\r\n"
              + "1\r\n"
              + "}\r\n"
              + "0\r\n\r\n";
      send(socket, head + small);
      assertTrue(answer(socket.getInputStream()).startsWith("HTTP/1.1 201 "));
      send(socket, GOOD);
      assertTrue(answer(socket.getInputStream()).startsWith("HTTP/1.1 200 "));
    }
  }

  @Test
  void bodyThatIsToBeAskedForIs() throws Exception {
    try (Socket socket = connect()) {
      send(
          socket,
          "POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n"
              + "Expect: 100-continue\r\nKEY\r\n");
      InputStream in = socket.getInputStream();
      StringBuilder interim = new StringBuilder();
      while (interim.indexOf("\r\n\r\n") < 0) {
        int b = in.read();
        assertFalse(b < 0, interim.toString());
        interim.append((char) b);
      }
      assertTrue(interim.toString().startsWith("HTTP/1.1 100 Continue\r\n"), interim.toString());
      send(socket, "{\"name\":\"c\"}");
      assertTrue(answer(in).startsWith("HTTP/1.1 201 "));
    }
  }

  @Test
  void doubledParameterIsAProblem() throws Exception {
    String good = "GET /v1/clients?displayName=a&displayName=b HTTP/1.1\r\nHost: x\r\n";
    assertProblem(400, said(good + "Connection: close\r\nKEY\r\n"));
  }

  @Test
  void headHasNoBodyWhateverIsWrong() throws Exception {
    for (String bad :
        List.of(
            "/healthz HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n",
            "/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
            "/healthz HTTP/1.1\r\n\r\n",
            "/nothing HTTP/1.1\r\nHost: x\r\n\r\n")) {
      String said = said("HEAD " + bad);
      assertTrue(said.startsWith("HTTP/1.1 40") && said.endsWith("\r\n\r\n"), said);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /healthz HTTP/1.0\r\n\r\n",
        "GET http://other/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%68ealthz HTTP/1.1\r\nhost:x\r\nConnection: Close, TE\r\nKEY\r\n"
      })
  void unusualRequestsAreServed(String request) throws Exception {
    String said = said(request);
    assertTrue(said.startsWith("HTTP/1.1 200 ") && said.endsWith("{\"alive\":true}"), said);
  }

  @Test
  void wordsThatMeanNothingHereAreProblems() throws Exception {
    String rest = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assertProblem(405, said("get /healthz" + rest));
    assertProblem(405, said("OPTIONS /healthz" + rest));
    assertProblem(404, said("GET //x/healthz" + rest));
    assertProblem(404, said("GET /healthz/%00" + rest));
  }

  @Test
  void oldConnectionIsKeptWhenAskedFor() throws Exception {
    try (Socket socket = connect()) {
      for (int i = 0; i < 2; i++) {
        send(socket, "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\nKEY\r\n");
        assertTrue(answer(socket.getInputStream()).startsWith("HTTP/1.1 200 "));
      }
    }
  }

  @Test
  void pageAndEventsComeThrough() throws Exception {
    assertTrue(said("GET / HTTP/1.1\r\nHost: x\r\n\r\n").contains("</html>"));
    try (Socket socket = connect()) {
      send(socket, "GET /v1/events HTTP/1.1\r\nHost: x\r\nKEY\r\n");
      InputStream in = socket.getInputStream();
      StringBuilder heard = new StringBuilder();
      while (heard.indexOf(":\n\n") < 0) {
        heard.append((char) in.read());
      }
      feed.happened(new Event.Warned("so it is"));
      while (heard.indexOf("so it is") < 0) {
        int b = in.read();
        assertFalse(b < 0, heard.toString());
        heard.append((char) b);
      }
    }
  }
}
