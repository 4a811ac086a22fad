package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import l4proxy.DocPage;
import l4proxy.EchoBackend;
import l4proxy.lab.Lab;
import l4proxy.lab.Namespace;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Commands that stand within sentences and tables of README and its pages, each typed on the
 * machine it is for: what exposes a backend is used by a user, what ends does so with exit code 0.
 * {@code DocsIT} runs those that stand by themselves.
 */
@Timeout(300)
@Tag("beside")
final class SentencesIT {
  /** Commands that are only named, with what they need to be run. */
  private static final Map<String, String> NAMED =
      Map.of(
          "client", "client 127.0.0.1 80",
          "client close", "client close NAME",
          "check", "check 127.0.0.1 80",
          "COMMAND --help", "server --help");

  /** Backends that are there, on loopback of the client's machine. */
  private static final List<Integer> BACKENDS = List.of(22, 80, 3000, 8080);

  @TempDir private Path directory;
  private final List<EchoBackend> backends = new ArrayList<>();
  private Lab lab;
  private Account server;
  private Account client;
  private Account desk;
  private int keys;

  @BeforeEach
  void haveMachines() throws IOException, InterruptedException {
    Lab.missing().ifPresent(Tools::skip);
    lab = new Lab();
    server = new Account(directory.resolve("server"), lab.server().prefix());
    client = new Account(directory.resolve("client"), lab.first().host().prefix());
    desk = new Account(directory.resolve("desk"), lab.second().host().prefix());
    for (int port : BACKENDS) {
      backend(lab.first().host(), port);
    }
    backend(lab.second().host(), 80);
    Files.writeString(
        directory.resolve("client/work/FILE"),
        "{\"services\": [{\"host\": \"127.0.0.1\", \"port\": 80}]}");
    server.identify();
    server.l4proxy("server", "--host", Lab.SERVER).awaitErr(" ready; ");
  }

  private void backend(Namespace machine, int port) throws IOException, InterruptedException {
    backends.add(
        new EchoBackend(EchoBackend::echo, machine.call(() -> EchoBackend.listener(port))));
  }

  @AfterEach
  void endAll() throws IOException, InterruptedException {
    if (lab == null) {
      return; // it was skipped
    }
    try {
      desk.close();
      client.close();
      server.close();
    } finally {
      backends.forEach(EchoBackend::close);
      lab.close();
    }
  }

  @Test
  void eachCommandDoesWhatItIsThereFor() throws Exception {
    Set<String> commands = new TreeSet<>();
    for (DocPage page : DocPage.all()) {
      page.commandsInSentences().stream()
          .map(command -> NAMED.getOrDefault(command, command))
          .filter(command -> !command.contains("…")) // a message, or a part of a block
          .forEach(commands::add);
    }
    assertTrue(commands.size() >= 30, commands.toString());
    for (String each : commands) {
      try {
        type(each);
      } catch (AssertionError e) {
        throw new AssertionError("l4proxy " + each + ": " + e.getMessage(), e);
      }
    }
  }

  private void type(String command) throws IOException, InterruptedException {
    if (command.contains("--help")
        || command.contains("--check_config")
        || command.equals("check 127.0.0.1 80")) {
      ends(client, command);
    } else if (command.startsWith("server")) {
      serves(command);
    } else if (command.startsWith("client close")) {
      closes(command);
    } else if (command.startsWith("key create ")) {
      ends(server, command.replaceFirst("^(key create) \\S+", "$1 key" + ++keys));
    } else if (command.startsWith("key revoke ")) {
      ends(server, "key create revoked");
      ends(server, "key revoke revoked");
    } else if (command.startsWith("lan ")) {
      exposes(desk, command.replace("10.0.0.7", "127.0.0.1"), lab.second().host());
    } else if (command.startsWith("client ") && !command.startsWith("client list")) {
      exposes(client, command, lab.user());
    } else {
      ends(server, command);
    }
  }

  private Program start(Account account, String command) throws IOException {
    String filledIn =
        command
            .replaceAll("\\b(example[.]org|HOST)\\b", Lab.SERVER)
            .replace("foo.local", "127.0.0.1");
    Map<String, String> here =
        account == client
            ? Map.of("L4PROXY_JOIN", server.keys().getFirst(), "L4PROXY_SVR_ADDR", Lab.SERVER)
            : Map.of();
    return account.l4proxy(here, filledIn.split(" "));
  }

  private String ends(Account account, String command) throws IOException, InterruptedException {
    Program program = start(account, command);
    assertEquals(0, program.exit(), program.said());
    return program.out().text();
  }

  /** On a machine where no other server is. */
  private void serves(String command) throws IOException, InterruptedException {
    try (Account other = new Account(directory.resolve("other: " + command), lab.user().prefix())) {
      other.identify();
      Program program = start(other, command);
      program.awaitErr(" ready; ");
      program.terminate();
      assertEquals(0, program.exit(), program.said());
    }
  }

  /** Until it is terminated, for users who come from there; a forward proxy wants a request. */
  private void exposes(Account account, String command, Namespace users)
      throws IOException, InterruptedException {
    Program program = start(account, command);
    int port = Account.publicPort(program);
    if (!command.contains("forwarder")) {
      user(users, program, port).close();
    }
    program.terminate();
    assertEquals(0, program.exit(), program.said());
  }

  private static Socket user(Namespace from, Program program, int port)
      throws IOException, InterruptedException {
    String line = program.awaitOut("^PUBLIC ADDRESS: ").text();
    String host = line.replaceFirst("^PUBLIC ADDRESS: (.*):[0-9]+$", "$1");
    Socket user = from.call(() -> Users.connect(host, port));
    Users.echo(user);
    return user;
  }

  /** A service, or a user of it. */
  private void closes(String command) throws IOException, InterruptedException {
    Program program = start(client, NAMED.get("client"));
    int port = Account.publicPort(program);
    try (Socket user = user(lab.user(), program, port)) {
      String name =
          named(
              ends(server, "client list -o json"), "clients", "publicAddress", ":" + port, "name");
      String users = ends(server, "client list user --client_name " + name + " -o json");
      String id = named(users, "users", "userAddr", ":" + user.getLocalPort(), "id");
      ends(server, command.replace("NAME", name).replace("ID", id));
      assertThrows(SocketException.class, () -> user.getInputStream().read());
    }
    if (command.contains("user")) {
      program.terminate();
      assertEquals(0, program.exit(), program.said());
    } else {
      assertEquals(1, program.exit(), program.said());
    }
  }

  /** A field of the one in a list that has another field with this end. */
  private static String named(String json, String list, String field, String end, String wanted) {
    return JsonParser.parseString(json).getAsJsonObject().getAsJsonArray(list).asList().stream()
        .map(JsonElement::getAsJsonObject)
        .filter(each -> each.get(field).getAsString().endsWith(end))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + end + " in " + json))
        .get(wanted)
        .getAsString();
  }
}
