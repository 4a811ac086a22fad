package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two machines with nginx, looked after by their clients: one goes bad, goes, and comes back. */
@Tag("beside")
@Timeout(240)
final class HealthIT {
  private static final Duration SOON = Duration.ofSeconds(15);

  @TempDir private Path directory;

  private static Nginx nginx(Path directory, String name) throws IOException {
    Nginx nginx = new Nginx(Files.createDirectories(directory));
    Files.writeString(nginx.root().resolve("name"), name);
    Files.writeString(nginx.root().resolve("up"), "yes");
    return nginx;
  }

  private static Program member(Account account, int backend, int port, String check)
      throws IOException {
    return account.client(
        backend,
        "--share_public_port",
        "--balance",
        "round_robin",
        "--pub_port",
        String.valueOf(port),
        "--health",
        check,
        "--health_interval",
        "200ms");
  }

  /** Who served ten users, each of whom has to be. */
  private Map<String, Integer> tenUsers(int port) throws IOException, InterruptedException {
    Map<String, Integer> served = new TreeMap<>();
    List<String> words = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      words.addAll(List.of("-H", "Connection: close", "-w", "\\n"));
      words.add("http://127.0.0.1:" + port + "/name");
    }
    Curl.run(directory, words.toArray(String[]::new))
        .lines()
        .forEach(name -> served.merge(name, 1, Integer::sum));
    return served;
  }

  private void awaitServers(int port, Map<String, Integer> expected) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(100))
        .untilAsserted(() -> assertEquals(expected, tenUsers(port)));
  }

  @Test
  void memberWhosePageIsMissingGetsNoUsers() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        Nginx one = nginx(directory.resolve("1"), "one");
        Nginx other = nginx(directory.resolve("2"), "other")) {
      account.server();
      Program first = member(account, one.port(), 0, "http:/up");
      int port = Account.publicPort(first);
      Account.publicPort(member(account, other.port(), port, "http:/up"));
      assertEquals(Map.of("one", 5, "other", 5), tenUsers(port));
      Files.delete(one.root().resolve("up"));
      first.awaitErr("WARNING.* of service unknown fails its health check .*status 404");
      awaitServers(port, Map.of("other", 10));
      Files.writeString(one.root().resolve("up"), "again");
      first.awaitErr(" is fit for users again");
      awaitServers(port, Map.of("one", 5, "other", 5));
    }
  }

  @Test
  void nginxThatGoesAndComesBackCostsNoUser() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        Nginx other = nginx(directory.resolve("2"), "other")) {
      account.server();
      Path place = directory.resolve("1");
      Program first;
      int port;
      int backend;
      try (Nginx one = nginx(place, "one")) {
        backend = one.port();
        first = member(account, backend, 0, "tcp");
        port = Account.publicPort(first);
        Account.publicPort(member(account, other.port(), port, "tcp"));
        assertEquals(Map.of("one", 5, "other", 5), tenUsers(port));
      }
      assertEquals(Map.of("other", 10), tenUsers(port)); // by the next member, at first
      first.awaitErr("WARNING.* fails its health check .*refused");
      assertEquals(Map.of("other", 10), tenUsers(port));
      try (Nginx one = Nginx.at(place, backend)) {
        first.awaitErr(" is fit for users again");
        awaitServers(port, Map.of("one", 5, "other", 5));
        assertTrue(one.port() == backend);
      }
    }
  }
}
