package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import l4proxy.lab.Lab;
import l4proxy.lab.Namespace;

/**
 * The image's server, and its clients at their homes, in a lab. {@link #close()} ends all of it,
 * and checks that no secret was printed or logged anywhere.
 */
final class Deployment implements AutoCloseable {
  static final int CONTROL = 2222;
  private static final int API = 2223;
  private static final int LEAST_IDLE = 2;

  private final Path directory;
  private final Lab lab;
  private final Account server;
  private final Map<Home, Account> clients = new LinkedHashMap<>();
  private final List<EchoBackend> backends = new ArrayList<>();
  private String join = "";

  /** Skips the test, and says why, where there can be no lab. */
  Deployment(Path directory) throws IOException, InterruptedException {
    Lab.missing().ifPresent(Tools::skip);
    this.directory = directory;
    this.lab = new Lab();
    this.server = new Account(directory.resolve("server"), lab.server().prefix());
    for (Home home : List.of(lab.first(), lab.second())) {
      Path own = directory.resolve("client" + clients.size());
      clients.put(home, new Account(own, home.host().prefix()));
    }
  }

  Lab lab() {
    return lab;
  }

  Account server() {
    return server;
  }

  Account account(Home home) {
    return clients.get(home);
  }

  /** A server, ready. */
  Program startServer(String... words) throws IOException, InterruptedException {
    return startServer(Map.of(), words);
  }

  Program startServer(Map<String, String> more, String... words)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(Account.launcher()));
    all.addAll(serverWords(words));
    server.identify();
    Program program = server.start(more, all);
    ready(program);
    return program;
  }

  /** A server's command. */
  List<String> serverWords(String... words) {
    List<String> all = new ArrayList<>();
    all.addAll(List.of("server", "--ctl_addr", ":" + CONTROL, "--host", Lab.SERVER));
    all.addAll(List.of("--api_addr", "127.0.0.1:" + API, "--ports", Account.PUBLIC_PORTS));
    all.addAll(List.of("--access_log", accessLog().toString()));
    all.addAll(Arrays.asList(words));
    return all;
  }

  /** Waits for a server that this deployment's account started, and learns its first key. */
  void ready(Program program) throws InterruptedException {
    program.await(program.err(), " ready; l4proxy ", 0, Faults.PATIENCE);
    if (join.isEmpty()) {
      program.awaitOut("l4p1_");
      join = server.keys().getFirst();
    }
  }

  /** The environment of a client that joins. */
  Map<String, String> join() {
    return Map.of("L4PROXY_JOIN", join);
  }

  private Path accessLog() {
    return directory.resolve("access.log");
  }

  /** A backend on loopback at a home. */
  EchoBackend backend(Home home, EchoBackend.Service service, int port)
      throws IOException, InterruptedException {
    ServerSocket listener = home.host().call(() -> EchoBackend.listener(port));
    EchoBackend backend = new EchoBackend(service, listener);
    backends.add(backend);
    return backend;
  }

  EchoBackend backend(Home home, EchoBackend.Service service)
      throws IOException, InterruptedException {
    return backend(home, service, 0);
  }

  EchoBackend backend(Home home) throws IOException, InterruptedException {
    return backend(home, EchoBackend::echo);
  }

  /** A client that exposes a backend of its home. */
  Program startClient(Home home, EchoBackend backend, String... words) throws IOException {
    return startClient(home, Map.of(), Lab.SERVER + ":" + CONTROL, backend, words);
  }

  Program startClient(
      Home home, Map<String, String> more, String to, EchoBackend backend, String... words)
      throws IOException {
    Map<String, String> all = new HashMap<>(join());
    all.putAll(more);
    return account(home).clientOf(to, all, backend.port(), words);
  }

  /** Where a client says that its service is reachable. */
  static int publicPort(Program client) throws InterruptedException {
    client.await(client.out(), "^PUBLIC ADDRESS: ", 0, Faults.PATIENCE);
    return Account.publicPort(client);
  }

  /** A user who is connected to a public port. */
  Socket user(int port) throws IOException, InterruptedException {
    return lab.user().call(() -> Users.connect(Lab.SERVER, port));
  }

  /** One user comes, is served and goes. */
  void isServed(int port) throws IOException, InterruptedException {
    try (Socket user = user(port)) {
      Users.echo(user);
    }
  }

  /** Tries until a user is served; {@link System#nanoTime()} then. */
  long awaitServed(int port, Duration time) {
    await()
        .atMost(time)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(50))
        .ignoreExceptionsInstanceOf(IOException.class)
        .untilAsserted(() -> isServed(port));
    return System.nanoTime();
  }

  /** What the server's API answers to an admin. */
  JsonObject api(String path) throws IOException, InterruptedException {
    String admin = adminKey();
    return lab.server().call(() -> get(path, admin));
  }

  private static JsonObject get(String path, String key) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + API + path);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setConnectTimeout(10_000);
    connection.setReadTimeout(10_000);
    connection.setRequestProperty("Connection", "close");
    connection.setRequestProperty("Authorization", "Bearer " + key);
    try (InputStream in = connection.getInputStream()) {
      return JsonParser.parseString(new String(in.readAllBytes(), StandardCharsets.UTF_8))
          .getAsJsonObject();
    }
  }

  private String adminKey() throws IOException {
    JsonObject all =
        JsonParser.parseString(Files.readString(server.credentials())).getAsJsonObject();
    return all.get(all.keySet().iterator().next()).getAsJsonObject().get("key").getAsString();
  }

  /**
   * Waits until there is exactly one session, connected, at its port, no user, and neither side has
   * a connection beyond that session and its idle tunnels.
   */
  void awaitSettled(Home home, int port) {
    await()
        .atMost(Faults.PATIENCE)
        .pollInterval(Duration.ofMillis(250))
        .ignoreExceptionsInstanceOf(
            IOException.class) // where descriptors are short, the API waits, too
        .untilAsserted(() -> isSettled(home, port));
  }

  private void isSettled(Home home, int port) throws IOException, InterruptedException {
    isListedOnce(port);
    JsonObject load = api("/v1/server").getAsJsonObject("load");
    assertEquals(1, load.get("clients").getAsInt(), load.toString());
    assertEquals(0, load.get("tunnelsInUse").getAsInt(), load.toString());
    int idle = load.get("idleTunnels").getAsInt();
    assertTrue(idle >= LEAST_IDLE, load.toString());
    List<String> ofServer = open(lab.server(), "sport");
    List<String> ofClient = open(home.host(), "dport");
    assertEquals(1 + idle, ofServer.size(), ofServer.toString());
    assertEquals(1 + idle, ofClient.size(), ofClient.toString());
  }

  /** The API lists one client, and it is connected and has this port. */
  void isListedOnce(int port) throws IOException, InterruptedException {
    JsonObject list = api("/v1/clients");
    assertEquals(1, list.get("totalCount").getAsInt(), list.toString());
    JsonObject client = list.getAsJsonArray("clients").get(0).getAsJsonObject();
    assertEquals("connected", client.get("state").getAsString(), list.toString());
    assertEquals(
        Lab.SERVER + ":" + port, client.get("publicAddress").getAsString(), list.toString());
  }

  private static List<String> open(Namespace namespace, String end)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>();
    all.addAll(namespace.connections("established", end, "=", ":" + CONTROL));
    all.addAll(namespace.connections("close-wait", end, "=", ":" + CONTROL));
    return all;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    try {
      List<Account> all = new ArrayList<>(clients.values());
      all.add(server);
      for (Account each : all) {
        each.programs().forEach(Program::close);
      }
      saysNoSecret();
      for (Account each : all) {
        each.close();
      }
    } finally {
      backends.forEach(EchoBackend::close);
      lab.close();
    }
  }

  private void saysNoSecret() throws IOException {
    if (!join.isEmpty()) {
      SecretSearch search = new SecretSearch(List.of(join, adminKey()), server);
      search.saysNone(clients.values(), accessLog());
    }
  }
}
