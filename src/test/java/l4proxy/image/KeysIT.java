package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Keys are made, used within their bounds, listed and revoked; the client is somebody else than the
 * server's user.
 */
@Timeout(150)
@Tag("beside")
@Execution(ExecutionMode.SAME_THREAD)
final class KeysIT {
  private static final double REVOKED_SECONDS = 1;

  @TempDir private Path directory;
  @AutoClose private Account host;
  @AutoClose private Account guest;

  @BeforeEach
  void makeAccounts() throws IOException {
    host = new Account(directory.resolve("host"));
    guest = new Account(directory.resolve("guest"));
  }

  private Program guest(String key, int backend, String... words) throws IOException {
    return guest.clientOf(host.control(), Map.of("L4PROXY_JOIN", key), backend, words);
  }

  private Program key(String... words) throws IOException {
    String[] all = new String[words.length + 3];
    all[0] = "key";
    System.arraycopy(words, 0, all, 1, words.length);
    all[words.length + 1] = "--svr_addr";
    all[words.length + 2] = host.control();
    return host.l4proxy(all);
  }

  @Test
  void keyExposesThePortsThatItGrantsAndNoOther() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend()) {
      host.server("--ports", FreePorts.NAMED);
      int granted = FreePorts.named();
      String range = granted + "-" + (granted + 10);
      String key = host.key("few", "--ports", range);
      assertTrue(key.matches("l4p1_[A-Za-z0-9_-]{86}"), key);

      Program byVariable = guest(key, backend.port(), "--pub_port", String.valueOf(granted));
      assertEquals(granted, Account.publicPort(byVariable));
      Users.isServed(granted);
      byVariable.terminate();
      assertEquals(0, byVariable.exit(), byVariable.said());

      Program byOption =
          guest.clientOf(
              host.control(),
              Map.of(),
              backend.port(),
              "--join",
              key,
              "--pub_port",
              String.valueOf(granted));
      assertEquals(granted, Account.publicPort(byOption));
      Users.isServed(granted);

      Program anyPort = guest(key, backend.port());
      int drawn = Account.publicPort(anyPort);
      assertTrue(drawn > granted && drawn <= granted + 10, "drawn " + drawn + " of " + range);

      Program beyond = guest(key, backend.port(), "--pub_port", String.valueOf(granted + 11));
      assertEquals(1, beyond.exit(), beyond.said());
      assertTrue(beyond.err().text().contains("not granted"), beyond.said());
    }
  }

  @Test
  void keyThatAFullDiskSwallowsIsAFailure() throws IOException, InterruptedException {
    host.server();
    for (String line : List.of("--version", "key create web --svr_addr " + host.control())) {
      String script = Account.launcher() + " " + line + " > /dev/full";
      Program command = host.start(Map.of(), List.of("sh", "-c", script));
      assertEquals(1, command.exit(), command.said());
      assertEquals(1, command.err().count("^l4proxy: Stdout takes nothing more"), command.said());
    }
    assertEquals(0, key("revoke", "web").exit());
  }

  @Test
  void keyListShowsEachKeyAndNoSecret() throws IOException, InterruptedException {
    host.server();
    host.key("few", "--ports", "20000-20010", "--max_services", "2", "--limit_rate", "500k");
    Program list = key("list");
    assertEquals(0, list.exit(), list.said());
    List<String> lines = list.out().all();
    assertTrue(
        lines.getFirst().matches("Name +Admin +Ports +Services +Rate +Created"), list.said());
    assertEquals(4, lines.size(), list.said());
    for (String row :
        List.of(
            "admin +yes +all +any +any +[0-9T:.Z-]+",
            "default +no +all +any +any +[0-9T:.Z-]+",
            "few +no +20000-20010 +2 +500000 +[0-9T:.Z-]+")) {
      assertEquals(1, list.out().count("^" + row + "$"), row + list.said());
    }
    assertEquals(0, list.out().count("l4p1_"), list.said());
  }

  @Test
  void keyListAsJsonIsTheSameFromTheServerAndFromItsDirectory()
      throws IOException, InterruptedException {
    Program server = host.server();
    host.key("few", "--ports", "20000-20010", "--max_services", "2", "--limit_rate", "500k");
    String asked = Account.only(key("list", "-o", "json"));
    server.terminate();
    assertEquals(0, server.exit(), server.said());
    assertEquals(
        asked,
        Account.only(host.l4proxy("key", "list", "-o", "json", "--state_dir", "" + host.state())));
    JsonObject list = JsonParser.parseString(asked).getAsJsonObject();
    assertEquals(3, list.get("totalCount").getAsInt(), asked);
    JsonObject few = list.getAsJsonArray("keys").get(2).getAsJsonObject();
    assertEquals("few", few.get("name").getAsString(), asked);
    assertEquals("20000-20010", few.get("ports").getAsString(), asked);
    assertEquals(2, few.get("maxServices").getAsInt(), asked);
    assertEquals(500_000, few.get("limitRate").getAsInt(), asked);
  }

  @Test
  void numberOfServicesIsBounded() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend()) {
      host.server();
      String key = host.key("one", "--max_services", "1");
      Account.publicPort(guest(key, backend.port()));
      Program second = guest(key, backend.port(), "--client_name", "second");
      assertEquals(1, second.exit(), second.said());
      assertTrue(second.err().text().contains("--max_services"), second.said());
    }
  }

  @Test
  void revokedKeyEndsItsUsersItsClientAndItsPort() throws IOException, InterruptedException {
    try (EchoBackend backend =
        new EchoBackend(socket -> Content.write(socket.getOutputStream(), Long.MAX_VALUE))) {
      host.server();
      String key = host.key("gone");
      Program client = guest(key, backend.port());
      int port = Account.publicPort(client);
      try (Socket user = Users.connect(port)) {
        long read = Content.read(user.getInputStream(), 0, 5_000_000);
        Program revoke = key("revoke", "gone");
        assertEquals(0, revoke.exit(), revoke.said());
        long revoked = System.nanoTime();
        Users.isReset(user, read);
        long ended = System.nanoTime() - revoked;
        Figures.print("key revoked to user reset", ended);
        assertTrue(ended / 1e9 <= REVOKED_SECONDS, "it took " + ended / 1e9 + " s");
        long told = client.awaitErr("no connection to server .*(key|revoked)").at() - revoked;
        Figures.print("key revoked to client told", told);
        assertTrue(told / 1e9 <= REVOKED_SECONDS, "it took " + told / 1e9 + " s");
      }
      Tcp.awaitRefused(port);
      Program again = guest(key, backend.port());
      assertEquals(1, again.exit(), again.said());
      assertEquals(0, again.out().all().size(), again.said());
      assertEquals(0, key("list").exit());
    }
  }

  @Test
  void keyRevokedInAStoppedServersDirectoryCannotJoin() throws IOException, InterruptedException {
    String key = host.keyOfStopped("early");
    Program revoke = host.l4proxy("key", "revoke", "early", "--state_dir", host.state().toString());
    assertEquals(0, revoke.exit(), revoke.said());
    host.server();
    Program client = guest(key, 9);
    assertEquals(1, client.exit(), client.said());
  }

  @Test
  void adminKeyMadeInAStoppedServersDirectoryWorks() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend()) {
      String key = host.keyOfStopped("root", "--admin");
      host.server();
      Program list =
          guest.l4proxy(Map.of("L4PROXY_JOIN", key), "key", "list", "--svr_addr", host.control());
      assertEquals(0, list.exit(), list.said());
      assertEquals(1, list.out().count("^root +yes "), list.said());
      Users.isServed(Account.publicPort(guest(key, backend.port())));
    }
  }

  @Test
  void joinKeyCannotHandleKeys() throws IOException, InterruptedException {
    host.server();
    String key = host.key("plain");
    Program create =
        guest.l4proxy(
            Map.of("L4PROXY_JOIN", key),
            "key",
            "create",
            "more",
            "--admin",
            "--svr_addr",
            host.control());
    assertEquals(1, create.exit(), create.said());
    assertEquals(List.of(), create.out().all(), create.said());
    assertTrue(create.err().text().contains("admin"), create.said());
  }

  @Test
  void keysNameIsGivenOnce() throws IOException, InterruptedException {
    host.server();
    host.key("twice");
    Program again = key("create", "twice");
    assertEquals(1, again.exit(), again.said());
    assertTrue(again.err().text().contains("twice"), again.said());
    Program unknown = key("revoke", "nobody");
    assertEquals(1, unknown.exit(), unknown.said());
    assertTrue(unknown.err().text().contains("no key"), unknown.said());
    assertFalse(unknown.err().text().contains("Exception"), unknown.said());
  }

  @Test
  void acceptedKeyIsKeptAndNeedNotBeGivenAgain() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend()) {
      host.server();
      String key = host.key("kept");
      Program first = guest(key, backend.port());
      Account.publicPort(first);
      first.terminate();
      assertEquals(0, first.exit(), first.said());
      Program second = guest.clientOf(host.control(), Map.of(), backend.port());
      Users.isServed(Account.publicPort(second));
    }
  }
}
