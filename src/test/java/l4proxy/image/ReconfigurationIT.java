package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client's file: checked, and read again at SIGHUP. */
@Tag("beside")
@Timeout(240)
final class ReconfigurationIT {
  private static final long SIZE = 200L * 1024 * 1024;
  private static final String READ_AGAIN = "is read again";

  @TempDir private Path directory;
  private Account account;
  private EchoBackend echo;
  private Path file;

  @BeforeEach
  void open() throws IOException {
    account = new Account(directory.resolve("account"));
    echo = new EchoBackend();
    file = directory.resolve("client.json");
  }

  @AfterEach
  void close() throws IOException {
    echo.close();
    account.close();
  }

  private static String service(String name, int backend, String more) {
    return "{\"name\": \"" + name + "\", \"port\": " + backend + more + "}";
  }

  private String service(String name) {
    return service(name, echo.port(), "");
  }

  private void write(String... services) throws IOException {
    Files.writeString(
        file,
        Stream.of(services)
            .collect(
                Collectors.joining(
                    ",", "{\"server\": \"" + account.control() + "\", \"services\": [", "]}")));
  }

  private Program client() throws IOException {
    return account.l4proxy("client", "--config", file.toString());
  }

  private static void hangUp(Program client) throws IOException, InterruptedException {
    long before = client.err().count(READ_AGAIN);
    client.signal("HUP");
    client.await(client.err(), READ_AGAIN, (int) before, Duration.ofSeconds(20));
  }

  private static int port(Program client, String name, int skip) throws InterruptedException {
    String line = client.await(client.out(), " " + name + "$", skip, Duration.ofSeconds(20)).text();
    return Integer.parseInt(line.replaceAll(".*:([0-9]+) " + name, "$1"));
  }

  private static int port(Program client, String name) throws InterruptedException {
    return port(client, name, 0);
  }

  /** A backend that says who it is and then listens. */
  private static EchoBackend backend(char name) throws IOException {
    return new EchoBackend(socket -> {
      socket.getOutputStream().write(name);
      socket.getInputStream().transferTo(socket.getOutputStream());
      socket.shutdownOutput();
    });
  }

  @Test
  void untouchedServiceKeepsItsTransferWhileOthersComeAndGo()
      throws IOException, InterruptedException {
    try (EchoBackend source =
            new EchoBackend(socket -> Content.write(socket.getOutputStream(), SIZE));
        EchoBackend another = new EchoBackend();
        EchoBackend third = new EchoBackend()) {
      Program server = account.server();
      write(service("bulk", source.port(), ""), service("gone"), service("stays"));
      Program client = client();
      int gone = port(client, "gone");
      int stays = port(client, "stays");
      try (Socket user = Users.connect(port(client, "bulk"));
          Socket talking = Users.connect(stays)) {
        Users.echo(talking);
        long place = Content.read(user.getInputStream(), 0, SIZE / 4);
        write(
            service("new", another.port(), ""),
            service("stays"),
            service("bulk", source.port(), ""));
        hangUp(client);
        Users.isServed(port(client, "new"));
        Tcp.awaitRefused(gone);
        place = Content.read(user.getInputStream(), place, SIZE / 4);
        write(
            service("stays"),
            service("bulk", source.port(), ""),
            service("third", third.port(), ""));
        hangUp(client);
        Users.isServed(port(client, "third"));
        assertEquals(SIZE, Content.readAll(user.getInputStream(), place));
        Users.echo(talking);
      }
      Users.isServed(stays);
      assertEquals(1, client.err().count("connected to server"), client.said());
      assertEquals(1, server.err().count("client .* connected"), server.said());
      assertEquals(5, client.out().all().size(), client.said());
    }
  }

  @Test
  void changedServiceIsNeverRefusedAndItsUsersStayWhereTheyAre()
      throws IOException, InterruptedException {
    try (EchoBackend one = backend('1');
        EchoBackend two = backend('2')) {
      account.server();
      write(service("moved", one.port(), ""), service("other"));
      Program client = client();
      int port = port(client, "moved");
      CountDownLatch over = new CountDownLatch(1);
      CompletableFuture<Integer> served = usersUntil(over, port);
      try (Socket early = Users.connect(port)) {
        assertEquals('1', early.getInputStream().read());
        write(service("moved", two.port(), ", \"plainTunnels\": true"), service("other"));
        hangUp(client);
        try (Socket late = Users.connect(port)) {
          assertEquals('2', late.getInputStream().read());
        }
        Users.echo(early);
      }
      over.countDown();
      assertTrue(served.join() > 0);
      assertEquals(2, client.out().all().size(), client.said());
      client.kill();
      client.exit();
      assertEquals(port, port(client(), "moved"), "known by its new backend too");
    }
  }

  /** One user after another; how many there were, none of them turned away. */
  private static CompletableFuture<Integer> usersUntil(CountDownLatch over, int port) {
    CompletableFuture<Integer> all = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("users")
        .start(() -> {
          try {
            int count = 0;
            while (over.getCount() > 0) {
              try (Socket user = Users.connect(port)) {
                assertTrue(user.getInputStream().read() > 0);
                count++;
              }
            }
            all.complete(count);
          } catch (IOException | AssertionError e) {
            all.completeExceptionally(e);
          }
        });
    return all;
  }

  @Test
  void usersOfARemovedServiceMayFinishAndItsPortIsFreeForOthers()
      throws IOException, InterruptedException {
    account.server();
    write(service("first"), service("second"));
    Program client = client();
    int port = port(client, "second");
    port(client, "first");
    try (Socket user = Users.connect(port)) {
      Users.echo(user);
      write(service("first"));
      hangUp(client);
      Tcp.awaitRefused(port);
      Users.echo(user);
      Program other = account.client(echo.port(), "--client_name", "second");
      assertEquals(port, Account.publicPort(other), "its id was given back");
      Users.echo(user);
    }
  }

  @Test
  void otherPublicPortIsAnnounced() throws IOException, InterruptedException {
    account.server();
    int[] ports = {FreePorts.next() + 5000, FreePorts.next() + 5000};
    write(service("web", echo.port(), ", \"publicPort\": " + ports[0]));
    Program client = client();
    assertEquals(ports[0], Account.publicPort(client));
    write(service("web", echo.port(), ", \"publicPort\": " + ports[1]));
    hangUp(client);
    client.awaitOut("PUBLIC ADDRESS: 127.0.0.1:" + ports[1] + "$");
    Users.isServed(ports[1]);
    Tcp.awaitRefused(ports[0]);
  }

  @Test
  void brokenFileChangesNothingAndIsOneWarning() throws IOException, InterruptedException {
    account.server();
    write(service("only"));
    Program client = client();
    int port = Account.publicPort(client);
    long lines = client.err().all().size();
    Files.writeString(file, "{\"services\": [{\"prot\": 22}]}");
    client.signal("HUP");
    String warning = client.awaitErr("SIGHUP").text();
    assertTrue(warning.contains(" WARNING "), warning);
    assertTrue(warning.contains("\"services[0].prot\"; did you mean port?"), warning);
    Users.isServed(port);
    Files.delete(file);
    client.signal("HUP");
    client.awaitErr("there is no file");
    Users.isServed(port);
    assertEquals(lines + 2, client.err().all().size(), client.said());
    write(service("only"), service("more"));
    hangUp(client);
    Users.isServed(port(client, "more"));
  }

  @Test
  void hangupEndsNeitherAClientWithoutAFileNorAServer() throws IOException, InterruptedException {
    Program server = account.server();
    Program client = account.client(echo.port());
    int port = Account.publicPort(client);
    client.signal("HUP");
    client.awaitErr("SIGHUP: there is no --config file");
    server.signal("HUP");
    server.awaitErr("SIGHUP");
    Users.isServed(port);
    client.terminate();
    assertEquals(0, client.exit(), client.said());
    server.terminate();
    assertEquals(0, server.exit(), server.said());
  }

  @Test
  void checkSaysWhatWouldBeDone() throws IOException, InterruptedException {
    Files.writeString(
        file,
        """
        {"server": "[::1]:4000", "join": "l4p1_%s", "services": [
          {"name": "ssh", "port": 22, "publicPort": 2200, "weight": 1, "sharePublicPort": true},
          {"host": "::1", "port": 80, "plainTunnels": true, "weight": 3, "sharePublicPort": true},
          {"host": "[::1]", "port": 81, "plainTunnels": false}]}
        """
            .formatted("A".repeat(86)));
    Program check = account.l4proxy("client", "--check_config", "--config", file.toString());
    assertEquals(0, check.exit(), check.said());
    assertEquals(
        List.of(
            "ssh: backend 127.0.0.1:22, server [::1]:4000, public port 2200, --share_public_port",
            "unknown: backend [::1]:80, server [::1]:4000, any public port, --share_public_port,"
                + " --weight 3, --plain_tunnels",
            "unknown: backend [::1]:81, server [::1]:4000, any public port"),
        check.out().all());
    assertEquals("", check.err().text());
  }

  @Test
  void checkOfOptionsAloneNeedsNoFile() throws IOException, InterruptedException {
    Program check = account.l4proxy("client", "--check_config", "web", "80", "--pub_port", "8080");
    assertEquals(0, check.exit(), check.said());
    assertEquals(
        List.of("unknown: backend web:80, server 127.0.0.1:2222, public port 8080"),
        check.out().all());
  }

  @Test
  void checkOfAWrongFileIsTwoWithASentence() throws IOException, InterruptedException {
    write(service("a", 22, ", \"publicPort\": 70"), service("b", 22, ", \"publicPort\": 70"));
    Program twice = account.l4proxy("client", "--check_config", "--config", file.toString());
    assertEquals(2, twice.exit(), twice.said());
    assertTrue(twice.err().text().contains("public port 70"), twice.said());
    Files.delete(file);
    Program missing = account.l4proxy("client", "--config", file.toString(), "--check_config");
    assertEquals(2, missing.exit(), missing.said());
    assertEquals(1, missing.err().all().size(), missing.said());
    assertFalse(missing.err().text().contains("Exception"), missing.said());
  }
}
