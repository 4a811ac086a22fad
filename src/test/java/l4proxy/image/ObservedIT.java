package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The metrics and the access log of the image. */
@Tag("beside")
@Timeout(150)
final class ObservedIT {
  @TempDir private Path directory;
  @AutoClose private Account account;
  @AutoClose private EchoBackend backend;
  private Path log;

  @BeforeEach
  void open() throws IOException {
    account = new Account(directory.resolve("account"));
    backend = new EchoBackend();
    log = directory.resolve("access.log");
  }

  private Curl.Answer metrics(String key) throws IOException, InterruptedException {
    return Curl.ask(
        directory,
        "-k",
        "https://" + account.control() + "/metrics",
        "-H",
        "Authorization: Bearer " + key);
  }

  private double metric(String sample) throws IOException, InterruptedException {
    return metrics(account.rememberedKey())
        .body()
        .lines()
        .filter(line -> line.startsWith(sample + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(sample.length() + 1)))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no sample " + sample));
  }

  @Test
  void promtoolAcceptsTheMetrics() throws IOException, InterruptedException {
    String promtool = Tools.require("promtool");
    account.server();
    int port = Account.publicPort(account.client(backend.port(), "--client_name", "web"));
    Users.isServed(port);
    Curl.Answer answer = metrics(account.rememberedKey());
    assertEquals("text/plain; version=0.0.4; charset=utf-8", answer.type());
    Path file = Files.writeString(directory.resolve("metrics"), answer.body() + "\n");
    try (Program check =
        Program.start(
            directory,
            "sh",
            "-c",
            "exec \"$0\" check metrics < \"$1\"",
            promtool,
            file.toString())) {
      assertEquals(0, check.exit(), check.said());
      assertEquals("", check.out().text() + check.err().text());
    }
  }

  @Test
  void metricsCountWhatHappens() throws IOException, InterruptedException {
    account.server();
    int port = Account.publicPort(account.client(backend.port(), "--client_name", "web"));
    try (Socket user = Users.connect(port)) {
      Users.echo(user);
      assertEquals(1, metric("l4proxy_users"));
      assertEquals(1, metric("l4proxy_clients"));
      assertEquals(1, metric("l4proxy_services"));
      assertEquals(1, metric("l4proxy_tunnels{state=\"used\"}"));
      assertEquals(1, metric("l4proxy_users_served_total"));
      assertEquals(13, metric("l4proxy_bytes_total{direction=\"in\"}"));
      assertEquals(13, metric("l4proxy_bytes_total{direction=\"out\"}"));
      user.shutdownOutput();
      assertEquals(-1, user.getInputStream().read());
    }
    Awaitility.await().until(() -> metric("l4proxy_users_ended_total{ended_by=\"user\"}") == 1);
    assertEquals(0, metric("l4proxy_users"));
    assertEquals(1, metric("l4proxy_dial_seconds_count"));
    assertTrue(metric("l4proxy_dial_seconds_sum") > 0);
    assertEquals(0, metric("l4proxy_access_log_lost_lines_total"));
    backend.close();
    try (Socket user = Users.connect(port)) {
      Users.isReset(user, 0);
    }
    Awaitility.await().until(() -> metric("l4proxy_users_ended_total{ended_by=\"refused\"}") == 1);
    assertTrue(metric("l4proxy_process_start_time_seconds") > 1.7e9);
    assertTrue(metric("l4proxy_heap_used_bytes") > 1e5);
  }

  @Test
  void anotherKeyIsShownItsOwnServicesAlone() throws IOException, InterruptedException {
    account.server();
    Account.publicPort(account.client(backend.port(), "--client_name", "web"));
    String metrics = metrics(account.key("stranger")).body();
    assertFalse(metrics.contains("web") || metrics.contains("l4proxy_users "), metrics);
    assertTrue(
        metrics(account.rememberedKey()).body().contains("service=\"web\""),
        "an admin is shown all");
  }

  private List<JsonObject> lines(Path file) throws IOException {
    return Files.exists(file)
        ? Files.readAllLines(file).stream()
            .map(line -> JsonParser.parseString(line).getAsJsonObject())
            .toList()
        : List.of();
  }

  private JsonObject nextLine(int index) {
    Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> lines(log).size() > index);
    try {
      return lines(log).get(index);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyUserHasALineWhenItIsOver() throws IOException, InterruptedException {
    account.server("--access_log", log.toString());
    int port = Account.publicPort(account.client(backend.port(), "--client_name", "web"));
    int userPort;
    try (Socket user = Users.connect(port)) {
      userPort = user.getLocalPort();
      Users.echo(user);
      user.shutdownOutput();
      assertEquals(-1, user.getInputStream().read());
    }
    JsonObject line = nextLine(0);
    assertEquals(
        List.of(
            "time",
            "service",
            "client",
            "userAddr",
            "member",
            "bytesIn",
            "bytesOut",
            "millis",
            "dialMillis",
            "retries",
            "endedBy"),
        List.copyOf(line.keySet()));
    assertTrue(
        Duration.between(Instant.parse(line.get("time").getAsString()), Instant.now()).toSeconds()
            < 60,
        line.toString());
    assertEquals("web", line.get("service").getAsString());
    assertEquals("127.0.0.1:" + userPort, line.get("userAddr").getAsString());
    assertEquals(13, line.get("bytesIn").getAsInt());
    assertEquals(13, line.get("bytesOut").getAsInt());
    assertEquals("user", line.get("endedBy").getAsString());
    assertEquals(0, line.get("retries").getAsInt());
    assertTrue(line.get("dialMillis").getAsLong() >= 0, line.toString());

    Files.move(log, directory.resolve("access.log.1"));
    Users.isServed(port);
    assertEquals("web", nextLine(0).get("service").getAsString());
    assertEquals(1, lines(directory.resolve("access.log.1")).size());
  }

  @Test
  void stopWritesTheLinesOfThoseItEnds() throws IOException, InterruptedException {
    Program server = account.server("--access_log", log.toString(), "--drain", "0");
    int port = Account.publicPort(account.client(backend.port()));
    try (Socket user = Users.connect(port)) {
      Users.echo(user);
      server.terminate();
      assertEquals(0, server.exit(), server.said());
    }
    assertEquals("shutdown", lines(log).getFirst().get("endedBy").getAsString());
  }

  @Test
  void linesGoToStdoutForADash() throws IOException, InterruptedException {
    Program server = account.server("--access_log", "-");
    Users.isServed(Account.publicPort(account.client(backend.port())));
    String line = server.awaitOut("^[{]").text();
    assertTrue(JsonParser.parseString(line).getAsJsonObject().has("endedBy"), line);
  }

  @Test
  void linesThatAFullStdoutDoesNotTakeAreCountedAndWarnedOf()
      throws IOException, InterruptedException {
    account.identify();
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "exec \"$0\" \"$@\" > /dev/full", Account.launcher()));
    command.addAll(List.of("server", "--ctl_addr", account.control(), "--api_addr", "none"));
    command.addAll(List.of("--ports", Account.PUBLIC_PORTS, "--access_log", "-"));
    Program server = account.start(Map.of(), command);
    server.awaitErr("'l4proxy key revoke default'");
    server.awaitErr(" ready; l4proxy ");
    Users.isServed(Account.publicPort(account.client(backend.port())));
    server.awaitErr("the access log on stdout loses lines, 1 so far: No space left on device");
    Awaitility.await().until(() -> metric("l4proxy_access_log_lost_lines_total") >= 1);
  }

  @Test
  void logThatCannotBeWrittenStopsTheStart() throws IOException, InterruptedException {
    Program server = account.startServer("--access_log", directory + "/none/access.log");
    assertEquals(1, server.exit(), server.said());
    assertTrue(server.err().text().contains("--access_log: cannot write to "), server.said());
    assertFalse(Files.exists(account.state()));
  }
}
