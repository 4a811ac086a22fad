package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import l4proxy.auth.Grant;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.net.HostPort;
import l4proxy.wire.Message;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Who is connected, and how to end it: the API of a real server with a real client and users. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class SeeingAndEndingTest {
  @TempDir private Path directory;
  private EchoBackend backend;
  private ProxyPair pair;
  private Api api;
  private String admin;
  private String own;
  private String stranger;
  private String client;

  @BeforeEach
  void open() throws Exception {
    backend = new EchoBackend();
    pair = new ProxyPair(directory, backend.address());
    api = new Api(pair);
    admin = pair.adminKey().text();
    own = pair.joinKey().text();
    stranger = pair.keys().create("stranger", Grant.ALL).joinKey().text();
    client = pair.server().view().clients().getFirst().name();
  }

  @AfterEach
  void close() {
    api.close();
    pair.close();
    backend.close();
  }

  private Socket served() throws Exception {
    Socket user = pair.user();
    user.getOutputStream().write('x');
    assertEquals('x', user.getInputStream().read());
    return user;
  }

  private String users() {
    return "/v1/clients/" + client + "/users";
  }

  @Test
  void usersAreListedInTheOrderInWhichTheyCame() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 12; i++) {
        sockets.add(served());
      }
      Api.Answer all = api.get(users(), own);
      assertEquals(
          sockets.stream().map(user -> "127.0.0.1:" + user.getLocalPort()).toList(),
          all.each("users", "userAddr"));
      assertEquals(12, all.json().get("totalCount").getAsInt());
      assertTrue(all.each("users", "bytesIn").stream().allMatch("1"::equals), all.body());
      List<String> paged = new ArrayList<>();
      String token = "";
      do {
        Api.Answer page = api.get(users() + "?pageSize=5&pageToken=" + token, admin);
        paged.addAll(page.each("users", "id"));
        token = page.json().get("nextPageToken").getAsString();
      } while (!token.isEmpty());
      assertEquals(all.each("users", "id"), paged);
    } finally {
      for (Socket user : sockets) {
        user.close();
      }
    }
  }

  @Test
  void oneUserIsEndedAndNoOther() throws Exception {
    try (Socket first = served();
        Socket second = served()) {
      String id = api.get(users(), own).each("users", "id").getFirst();
      assertEquals(204, api.ask("DELETE", users() + "/" + id, own).status());
      assertThrows(SocketException.class, () -> first.getInputStream().read());
      assertEquals(404, api.ask("DELETE", users() + "/" + id, own).status());
      second.getOutputStream().write('y');
      assertEquals('y', second.getInputStream().read());
      Event.UserEnded ended = pair.events().first(Event.UserEnded.class);
      assertEquals(EndedBy.CLOSED, ended.endedBy());
      assertEquals("127.0.0.1:" + first.getLocalPort(), ended.address());
    }
  }

  @Test
  void clientIsEndedWithItsUsersAndDoesNotComeBack() throws Exception {
    BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
    ServiceConfig service = ServiceConfig.of("second", backend.address(), 0);
    try (ProxyClient second = pair.newClient("second", service, reachable)) {
      CompletableFuture<String> told = running(second);
      int port = reachable.poll(10, TimeUnit.SECONDS).port();
      String name =
          api.get("/v1/clients?displayName=second", own).each("clients", "name").getFirst();
      try (Socket user = new Socket("127.0.0.1", port)) {
        user.setSoTimeout(20_000);
        user.getOutputStream().write('x');
        assertEquals('x', user.getInputStream().read());
        assertEquals(204, api.ask("DELETE", "/v1/clients/" + name, own).status());
        assertThrows(SocketException.class, () -> user.getInputStream().read());
      }
      assertTrue(told.get(10, TimeUnit.SECONDS).contains("second was ended on the server"));
      assertEquals(404, api.get("/v1/clients/" + name, admin).status());
      assertEquals(404, api.ask("DELETE", "/v1/clients/" + name, admin).status());
      Awaitility.await()
          .untilAsserted(() ->
              assertThrows(SocketException.class, () -> new Socket("127.0.0.1", port).close()));
      assertEquals(
          List.of(EndedBy.CLOSED),
          pair.events().of(Event.UserEnded.class).stream().map(Event.UserEnded::endedBy).toList());
      assertEquals(List.of("echo"), api.get("/v1/clients", admin).each("clients", "displayName"));
    }
  }

  private static CompletableFuture<String> running(ProxyClient client) {
    CompletableFuture<String> told = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("second client")
        .start(() -> {
          try {
            client.run();
          } catch (RefusedException e) {
            told.complete(e.getMessage());
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    return told;
  }

  @Test
  void whatAUserCameToIsReported() throws Exception {
    try (Socket user = served()) {
      user.shutdownOutput();
      assertEquals(-1, user.getInputStream().read());
    }
    Event.UserEnded ended = pair.events().first(Event.UserEnded.class);
    assertEquals("echo", ended.by().service());
    assertEquals(client, ended.name());
    assertEquals("default", ended.key());
    assertEquals(pair.events().first(Event.ClientConnected.class).client(), ended.by().member());
    assertEquals(0, ended.retries());
    assertTrue(ended.dial().orElseThrow().compareTo(ended.time()) <= 0);
    assertEquals(1, pair.events().of(Event.UserServed.class).size());
  }

  @Test
  void userOfABackendThatIsDownIsReportedWithoutADial() throws Exception {
    backend.close();
    try (Socket user = pair.user()) {
      assertThrows(SocketException.class, () -> user.getInputStream().read());
    }
    Event.UserEnded ended = pair.events().first(Event.UserEnded.class);
    assertEquals(EndedBy.REFUSED, ended.endedBy());
    assertEquals(Optional.empty(), ended.dial());
    assertEquals("echo", ended.by().service());
    assertEquals(List.of(), pair.events().of(Event.UserServed.class));
  }

  static Stream<Arguments> wrong() {
    return Stream.of(
        Arguments.of("GET", "/v1/clients?pageToken=abcd", 400),
        Arguments.of("GET", "/v1/clients?pageToken=Y2xpZW50cy8", 400), // of "clients/"
        Arguments.of("GET", "/v1/clients?pageToken=a2V5cy9h", 400), // of "keys/a"
        Arguments.of("GET", "/v1/clients?pageToken=Y2xpZW50cy9h=", 400),
        Arguments.of("GET", "/v1/clients?pageSize=-1", 400),
        Arguments.of("GET", "/v1/clients?pageSize=99999999999", 400),
        Arguments.of("GET", "/v1/clients/{c}/users?pageToken=!", 400),
        Arguments.of("GET", "/v1/clients/{c}/users?pageSize=-5", 400),
        Arguments.of("GET", "/v1/clients/{c}/users?size=5", 400),
        Arguments.of("GET", "/v1/clients/nobody/users", 404),
        Arguments.of("GET", "/v1/clients/%00", 404),
        Arguments.of("DELETE", "/v1/clients/{c}?force=true", 400),
        Arguments.of("DELETE", "/v1/clients/nobody", 404),
        Arguments.of("DELETE", "/v1/clients/nobody/users/1", 404),
        Arguments.of("DELETE", "/v1/clients/{c}/users/-1", 404),
        Arguments.of("DELETE", "/v1/clients/{c}/users/0", 404),
        Arguments.of("DELETE", "/v1/clients/{c}/users/99999999999999999999", 404),
        Arguments.of("DELETE", "/v1/clients/{c}/users/x", 404),
        Arguments.of("PUT", "/v1/clients/{c}", 405),
        Arguments.of("DELETE", "/v1/clients", 405),
        Arguments.of("DELETE", "/v1/clients/{c}/users", 405),
        Arguments.of("GET", "/v1/clients/{c}/users/1", 405),
        Arguments.of("POST", "/v1/events", 405),
        Arguments.of("POST", "/metrics", 405),
        Arguments.of("GET", "/v1/events?since=1", 400),
        Arguments.of("GET", "/metrics?x=1", 400),
        Arguments.of("GET", "/openapi.json?x=1", 400));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void whatIsWrongIsAProblemAndChangesNothing(String method, String path, int status)
      throws Exception {
    try (Socket user = served()) {
      assertEquals(status, api.ask(method, path.replace("{c}", client), admin).status());
      assertEquals(1, api.get(users(), own).json().get("totalCount").getAsInt());
      user.getOutputStream().write('y');
      assertEquals('y', user.getInputStream().read());
    }
  }

  static Stream<Arguments> guarded() {
    return Stream.of(
        Arguments.of("GET", "/v1/clients/{c}/users"),
        Arguments.of("DELETE", "/v1/clients/{c}"),
        Arguments.of("DELETE", "/v1/clients/{c}/users/1"),
        Arguments.of("GET", "/v1/events"),
        Arguments.of("GET", "/metrics"),
        Arguments.of("GET", "/openapi.json"));
  }

  @ParameterizedTest
  @MethodSource("guarded")
  void withoutAKeyNothingIsShownAndNothingEnded(String method, String path) throws Exception {
    String full = path.replace("{c}", client);
    assertEquals(401, api.ask(method, full, "").status());
    assertEquals(401, api.ask(method, full, "l4p1_nonsense").status());
    assertEquals(1, api.get("/v1/clients", admin).json().get("totalCount").getAsInt());
  }

  @Test
  void anotherKeysClientsAreAsUnknownAsNone() throws Exception {
    try (Socket user = served()) {
      String id = api.get(users(), own).each("users", "id").getFirst();
      for (String[] request :
          List.of(
              new String[] {"GET", "/v1/clients/" + client},
              new String[] {"DELETE", "/v1/clients/" + client},
              new String[] {"GET", users()},
              new String[] {"DELETE", users() + "/" + id})) {
        Api.Answer foreign = api.ask(request[0], request[1], stranger);
        assertEquals(404, foreign.status());
        assertEquals(
            api.ask(request[0], request[1].replace(client, "nobody"), stranger).body(),
            foreign.body());
      }
      assertEquals(0, api.get("/v1/clients", stranger).json().get("totalCount").getAsInt());
      user.getOutputStream().write('y');
      assertEquals('y', user.getInputStream().read());
    }
  }

  @Test
  void bodyOfTenMegabytesIsAnsweredAndChangesNothing() throws Exception {
    byte[] much = " ".repeat(10_000_000).getBytes(StandardCharsets.US_ASCII);
    assertEquals(413, api.ask("POST", "/v1/keys", admin, much).status());
    assertEquals(401, api.ask("POST", "/v1/keys", "", much).status());
    assertEquals(403, api.ask("POST", "/v1/keys", own, much).status());
    assertEquals(405, api.ask("PUT", "/v1/clients", own, much).status());
    assertEquals(200, api.ask("GET", "/v1/clients", own, much).status());
    assertEquals(3, pair.keys().list().size());
  }

  @Test
  void servicesAndKeysAreAnsweredAsDescribed() throws Exception {
    for (String list : List.of("services", "keys")) {
      String path = "/v1/" + list;
      String body = list.equals("keys") ? "{\"name\":\"one\"}" : "{\"kind\":\"http_forwarder\"}";
      byte[] wanted = body.getBytes(StandardCharsets.US_ASCII);
      assertEquals(403, api.ask("POST", path, own, wanted).status());
      Api.Answer made = api.ask("POST", path, admin, wanted);
      assertEquals(201, made.status(), made.body());
      String name = made.json().get("name").getAsString();
      assertTrue(api.get(path, admin).each(list, "name").contains(name));
      assertEquals(400, api.get(path + "?pageToken=abcd", admin).status());
      assertEquals(403, api.get(path, own).status());
      assertEquals(401, api.get(path, "").status());
      assertEquals(
          400, api.ask("POST", path, admin, "{}".getBytes(StandardCharsets.US_ASCII)).status());
      assertEquals(403, api.ask("DELETE", path + "/" + name, own).status());
      assertEquals(204, api.ask("DELETE", path + "/" + name, admin).status());
      assertEquals(404, api.ask("DELETE", path + "/" + name, admin).status());
      assertEquals(405, api.ask("GET", path + "/" + name, admin).status());
    }
  }

  @Test
  void usersOfAForwardProxyAreCountedWhileTheyAreServed() throws Exception {
    String wanted = "{\"kind\":\"http_forwarder\",\"userAuth\":\"none\"}";
    Api.Answer made =
        api.ask("POST", "/v1/services", admin, wanted.getBytes(StandardCharsets.US_ASCII));
    HostPort proxy = HostPort.parse(made.json().get("publicAddress").getAsString(), -1);
    String request = "CONNECT " + backend.address() + " HTTP/1.1\r\nHost: x\r\n\r\n";
    try (Socket user = new Socket(proxy.host(), proxy.port())) {
      user.setSoTimeout(20_000);
      Awaitility.await().until(() -> counted().equals(List.of(1L, 0L, 0L, 0L)));
      user.getOutputStream().write((request + "x").getBytes(StandardCharsets.US_ASCII));
      String said = new String(user.getInputStream().readNBytes(40), StandardCharsets.US_ASCII);
      assertEquals("HTTP/1.1 200 Connection established\r\n\r\nx", said);
      List<Long> all = List.of(1L, 1L, request.length() + 1L, 40L);
      Awaitility.await().untilAsserted(() -> assertEquals(all, counted()));
    }
    Event.UserEnded ended = pair.events().first(Event.UserEnded.class);
    assertEquals(pair.events().first(Event.UserServed.class).user(), ended.user());
    assertEquals(List.of(0L, 1L, request.length() + 1L, 40L), counted());
  }

  /** Users now, those served so far, and bytes in and out. */
  private List<Long> counted() throws Exception {
    JsonObject figures = api.get("/v1/server", admin).json();
    JsonObject load = figures.getAsJsonObject("load");
    return List.of(
        load.get("users").getAsLong(),
        figures.get("served").getAsLong(),
        load.get("bytesIn").getAsLong(),
        load.get("bytesOut").getAsLong());
  }

  @Test
  void descriptionIsAnsweredToAnyKey() throws Exception {
    JsonObject document = api.get("/openapi.json", own).json();
    assertEquals("3.1.0", document.get("openapi").getAsString());
    assertEquals("test", document.getAsJsonObject("info").get("version").getAsString());
  }

  @Test
  @Timeout(180) // to make them, on a machine that does other things too
  void thousandServicesAreListedExactlyOnceInTime() throws Exception {
    try (FakeClient busy = new FakeClient(pair)) {
      for (int i = 0; i < 999; i++) {
        Message answer = busy.exposeAt("s" + i, 0);
        while (answer instanceof Message.Tunnels) {
          answer = busy.next();
        }
        assertTrue(answer instanceof Message.Exposed, "service " + i + ": " + answer);
      }
      Api.Answer whole = api.get("/v1/clients?pageSize=1000", admin);
      for (int i = 0; i < 10; i++) { // the first loads classes, and any may share the machine
        Api.Answer again = api.get("/v1/clients?pageSize=1000", admin);
        whole = again.took().compareTo(whole.took()) < 0 ? again : whole;
      }
      System.out.println("FIGURE: 1,000 services listed: " + whole.took().toMillis() + " ms");
      assertTrue(whole.took().toMillis() < 200, whole.took().toString());
      List<String> names = new ArrayList<>();
      String token = "";
      do {
        Api.Answer page = api.get("/v1/clients?pageSize=7&pageToken=" + token, admin);
        names.addAll(page.each("clients", "name"));
        token = page.json().get("nextPageToken").getAsString();
      } while (!token.isEmpty());
      assertEquals(whole.each("clients", "name"), names);
      assertEquals(1000, new HashSet<>(names).size());
      assertEquals(1000, new HashSet<>(whole.each("clients", "displayName")).size());
    }
  }
}
