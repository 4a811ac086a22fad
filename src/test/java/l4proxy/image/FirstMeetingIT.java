package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How a server and its clients come to know each other, and what nobody else comes to know. */
@Timeout(150)
@Tag("beside")
@OneByOne
final class FirstMeetingIT {
  @TempDir private Path directory;
  @AutoClose private Account host;
  @AutoClose private Account guest;

  @BeforeEach
  void makeAccounts() throws IOException {
    host = new Account(directory.resolve("host"));
    guest = new Account(directory.resolve("guest"));
  }

  /** A server of which nothing is there before. */
  private static Program server(Account account, String... words)
      throws IOException, InterruptedException {
    Program server = account.startServer(words);
    server.awaitErr(" ready; l4proxy ");
    return server;
  }

  @Test
  void joinCommandIsPrintedOnceAndWorksAsItStands() throws IOException, InterruptedException {
    Program server = server(host);
    assertEquals(1, server.out().all().size(), server.said());
    String command = server.out().all().getFirst();
    assertTrue(
        command.matches(
            "L4PROXY_JOIN=l4p1_[A-Za-z0-9_-]{86} l4proxy client --svr_addr 127.0.0.1:[0-9]+"),
        command);
    Program client = guest.start(Map.of(), List.of("sh", "-c", command));
    assertTrue(Account.publicPort(client) > 0);

    server.terminate();
    assertEquals(0, server.exit(), server.said());
    Program again = server(host);
    client.await(again.err(), "service .* is at", 0, Duration.ofSeconds(20));
    assertEquals(List.of(), again.out().all(), again.said());
  }

  @Test
  void commandsOnTheServersMachineNeedNoKey() throws IOException, InterruptedException {
    Program server = server(host, "--ctl_addr", ":" + host.controlPort(), "--host", "127.0.0.1");
    for (String name : List.of("127.0.0.1", "localhost")) {
      Program list = host.l4proxy("key", "list", "--svr_addr", name + ":" + host.controlPort());
      assertEquals(0, list.exit(), list.said() + server.said());
      assertEquals(1, list.out().count("^admin +yes "), list.said());
    }
  }

  @Test
  void withoutKeysTheFirstServerIsBelievedAndNoOther() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend();
        Account impostor = new Account(directory.resolve("impostor"))) {
      Program server = server(host, "--no_auth");
      assertEquals(1, server.err().count("WARNING .*--no_auth"), server.said());
      Program client = guest.clientOf(host.control(), Map.of(), backend.port(), "--no_auth");
      Users.isServed(Account.publicPort(client));
      String kept = Files.readString(guest.credentials());
      assertTrue(kept.contains("\"pin\"") && kept.contains(host.control()), kept);
      assertFalse(kept.contains("\"key\""), kept);
      client.terminate();
      assertEquals(0, client.exit(), client.said());
      server.terminate();
      assertEquals(0, server.exit(), server.said());

      server(impostor, "--no_auth", "--ctl_addr", host.control(), "--host", "127.0.0.1");
      Program deceived = guest.clientOf(host.control(), Map.of(), backend.port(), "--no_auth");
      assertEquals(1, deceived.exit(), deceived.said());
      assertEquals(List.of(), deceived.out().all(), deceived.said());
      assertTrue(deceived.err().text().contains("public key"), deceived.said());
      assertEquals(kept, Files.readString(guest.credentials()));
    }
  }

  @Test
  void serverWithoutKeysWarnsAtEachStartAndItsApiStillWantsOne()
      throws IOException, InterruptedException {
    for (int start = 0; start < 2; start++) {
      Program server = server(host, "--no_auth");
      assertEquals(1, server.err().count("WARNING .*--no_auth"), server.said());
      Curl.Answer answer = Curl.ask(directory, "-k", "https://" + host.control() + "/v1/clients");
      assertEquals(401, answer.status(), answer.body());
      server.terminate();
      assertEquals(0, server.exit(), server.said());
    }
  }

  @Test
  void clientWithoutKeyMustSayThatItWantsNone() throws IOException, InterruptedException {
    server(host, "--no_auth");
    Program client = guest.clientOf(host.control(), Map.of(), 9);
    assertEquals(1, client.exit(), client.said());
    assertTrue(client.err().text().contains("--join"), client.said());
  }

  @Test
  void serverWithKeysRefusesAClientWithout() throws IOException, InterruptedException {
    server(host);
    Program client = guest.clientOf(host.control(), Map.of(), 9, "--no_auth");
    assertEquals(1, client.exit(), client.said());
    assertEquals(List.of(), client.out().all(), client.said());
    assertTrue(client.err().text().contains("key"), client.said());
    assertFalse(Files.exists(guest.credentials()), "it kept the pin of a server that refused it");
  }

  @Test
  void secretsAreOnlyWhereTheyBelong() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend()) {
      Program server = server(host);
      String mine = host.rememberedKey();
      String theirs = host.key("theirs", "--ports", Account.PUBLIC_PORTS);
      Program own = host.client(backend.port());
      Program other =
          guest.clientOf(host.control(), Map.of("L4PROXY_JOIN", theirs), backend.port());
      Users.isServed(Account.publicPort(own));
      Users.isServed(Account.publicPort(other));
      Program wrong =
          guest.clientOf(
              host.control(),
              Map.of("L4PROXY_JOIN", Secrets.withAnotherSecret(theirs)),
              backend.port());
      assertEquals(1, wrong.exit(), wrong.said());

      String join = server.out().all().getFirst().replaceAll(".*L4PROXY_JOIN=(\\S+) .*", "$1");
      for (String key : List.of(mine, theirs, join, Secrets.withAnotherSecret(theirs))) {
        for (String form : Secrets.forms(key)) {
          Secrets.absentFrom(host.state(), form);
          Secrets.absentFrom(guest.state(), form);
          absentFromProcessList(form);
          for (Program each :
              Stream.concat(host.programs().stream(), guest.programs().stream()).toList()) {
            assertFalse(each.err().text().contains(form), "in a log" + each.said());
          }
        }
      }
      for (Path file : List.of(host.credentials(), guest.credentials())) {
        assertEquals(
            "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      }
      assertEquals(
          "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(host.state())));
      for (String name : List.of("identity.pem", "keys.json", "leases.json")) {
        assertEquals(
            "rw-------",
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(host.state().resolve(name))),
            name);
      }
    }
  }

  private static void absentFromProcessList(String form) {
    ProcessHandle.allProcesses()
        .map(process -> process.info().commandLine().orElse(""))
        .forEach(
            line -> assertFalse(line.contains(form), "a secret is in the process list: " + line));
  }
}
