package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One address for browsers, wherever the client is. */
@Timeout(240)
@Tag("beside")
@OneByOne
final class RedirectIT {
  @TempDir private Path directory;
  @AutoClose private Account host;
  @AutoClose private Account guest;
  private String key;
  private int port;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    host = new Account(directory.resolve("host"));
    guest = new Account(directory.resolve("guest"));
    host.server();
    key = host.key("web");
    port = FreePorts.next();
  }

  private Program client(String name, String joining, int backend) throws IOException {
    return guest.clientOf(
        host.control(), Map.of("L4PROXY_JOIN", joining), backend, "--client_name", name);
  }

  private Program redirect(Account account, Map<String, String> environment, String... words)
      throws IOException {
    List<String> all = new ArrayList<>(List.of("redirect", "--svr_addr", host.control()));
    all.addAll(List.of("--addr", "127.0.0.1:" + port));
    all.addAll(Arrays.asList(words));
    return account.l4proxy(environment, all.toArray(String[]::new));
  }

  private Program redirect() throws IOException, InterruptedException {
    Program program = redirect(guest, Map.of("L4PROXY_JOIN", key), "--display", "web");
    program.awaitErr("redirect to web listens on 127.0.0.1:" + port);
    return program;
  }

  private String where(String path, String... words) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(Arrays.asList(words));
    all.addAll(List.of("-o", "nothing", "-w", "%{http_code} %header{location}"));
    all.add("http://127.0.0.1:" + port + path);
    return Curl.run(directory, all.toArray(String[]::new));
  }

  private void await(String expected) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> assertEquals(expected, where("/")));
  }

  @Test
  void browserIsSentToTheClientPathAndQueryKept() throws IOException, InterruptedException {
    try (Nginx nginx = new Nginx(directory)) {
      Files.writeString(nginx.root().resolve("page.txt"), "Hello.\n");
      String address = "127.0.0.1:" + Account.publicPort(client("web", key, nginx.port()));
      Program redirect = redirect();
      String path = "/a%20b//c;d/%2e%2e/?x=1&y=%26+2&";
      assertEquals("303 http://" + address + path, where(path));
      assertEquals("303 http://" + address + "/", where("/"));
      assertEquals("303 http://" + address + "/", where("/", "-I"));
      assertEquals("303 http://" + address + "/p", where("/p", "-d", "some=body"));
      assertEquals("Hello.", Curl.run(directory, "-L", "http://127.0.0.1:" + port + "/page.txt"));
      redirect.terminate();
      assertEquals(0, redirect.exit(), redirect.said());
      assertEquals(List.of(), redirect.out().all(), redirect.said());
    }
  }

  @Test
  void unknownNameIs404AndAnAbsentClient503() throws IOException, InterruptedException {
    redirect();
    assertEquals("404 ", where("/"));
    Program client = client("web", key, 9);
    String found = "303 http://127.0.0.1:" + Account.publicPort(client) + "/";
    await(found);
    client.kill();
    await("503 ");
    client("web", key, 9);
    await(found);
  }

  @Test
  void onlyClientsOfTheOwnKeyCountAndTheOneConnectedLongest()
      throws IOException, InterruptedException {
    Account.publicPort(client("web", host.key("other"), 9));
    redirect();
    assertEquals("404 ", where("/"));
    int first = Account.publicPort(client("web", key, 9));
    Account.publicPort(client("web", key, 9));
    await("303 http://127.0.0.1:" + first + "/");
  }

  @Test
  void adminKeyNeedsTheNameOfAKey() throws IOException, InterruptedException {
    Program without = redirect(host, Map.of(), "--display", "web");
    assertEquals(2, without.exit(), without.said());
    assertTrue(without.err().text().contains("--key is missing"), without.said());
    int wanted = Account.publicPort(client("web", key, 9));
    Program with = redirect(host, Map.of(), "--display", "web", "--key", "web");
    with.awaitErr("listens on");
    assertEquals("303 http://127.0.0.1:" + wanted + "/", where("/"));
  }

  @Test
  void serverThatIsGoneIs503AndSaidOnce() throws IOException, InterruptedException {
    Program redirect = redirect();
    host.programs().getFirst().kill();
    await("503 ");
    await("503 ");
    redirect.awaitErr("the server cannot be asked: ");
    assertEquals(1, redirect.err().count("cannot be asked"), redirect.said());
  }

  @Test
  void wrongWordsAreExplained() throws IOException, InterruptedException {
    Program noName = redirect(guest, Map.of("L4PROXY_JOIN", key));
    assertEquals(2, noName.exit(), noName.said());
    assertTrue(noName.err().text().contains("--display is missing"), noName.said());
    redirect();
    Program taken = redirect(guest, Map.of("L4PROXY_JOIN", key), "--display", "web");
    assertEquals(1, taken.exit(), taken.said());
    assertTrue(taken.err().text().contains("choose another with --addr"), taken.said());
  }
}
