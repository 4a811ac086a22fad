package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import l4proxy.DocPage;
import l4proxy.lab.Lab;
import l4proxy.lab.Namespace;

/**
 * Somebody who has the machines of pages, and types there what the pages say: the blocks {@code sh
 * run} and {@code sh stays} in their order, looking for what is to come of each, and the blocks
 * {@code sh tried}, each with a server of its own. What stands for something else is filled in: a
 * machine's name by its address, {@code you} by who runs the tests, a key, password, name or
 * process id that is left out by the last one that came. {@link #close()} ends what was started.
 */
final class Newcomer implements AutoCloseable {
  private static final String NAME = "example.org";
  private static final String ADDRESS = "203.0.113.5";
  private static final String SERVER = "l4proxy server";
  private static final String CLIENT = "l4proxy client ";
  private static final String CONTROL = "127.0.0.1:2222";
  private static final Pattern LEFT_OUT =
      Pattern.compile("l4p1_…|\\bPASSWORD\\b|\\bNAME\\b|\\bPID\\b|printer\\.lan|\\byou\\b");
  private static final int TRIES = 3;

  /** A block whose commands go on. */
  private record Staying(DocPage.Block block, Program program) {}

  private final Path directory;
  private final Lab lab;
  private final Map<String, Account> accounts = new HashMap<>();
  private final List<Staying> staying = new ArrayList<>();
  private final Surroundings surroundings;
  private Optional<Program> last = Optional.empty();

  Newcomer(Path directory, Lab lab) throws IOException, InterruptedException {
    this.directory = directory;
    this.lab = lab;
    have("server", lab.server());
    have("client", lab.first().host());
    have("user", lab.user());
    have("desk", lab.second().host());
    Path home = accounts.get("user").home();
    surroundings = new Surroundings(directory, lab.first().host(), home);
  }

  private void have(String where, Namespace machine) throws IOException {
    accounts.put(where, new Account(directory.resolve(where), machine.prefix()));
  }

  /** Types all of a page; what goes on does so for the pages behind it, too. */
  void follow(DocPage page) throws IOException, InterruptedException {
    for (DocPage.Block block : page.blocks()) {
      try {
        if (block.use() == DocPage.Use.TRIED) {
          tryOut(block);
        } else if (DocPage.MACHINES.contains(block.where())) {
          type(block);
        }
      } catch (AssertionError e) {
        throw new AssertionError(page.path() + ":" + block.line() + ": " + e.getMessage(), e);
      }
    }
    for (Staying each : staying) {
      isReachable(each);
    }
  }

  /** Servers where users are, clients where the client is, one after the other. */
  private void tryOut(DocPage.Block block) throws IOException, InterruptedException {
    Path here = directory.resolve("line " + block.line());
    List<String> lines = new ArrayList<>(block.commands());
    if (!lines.getFirst().startsWith(SERVER)) {
      lines.addFirst(SERVER + " --ports 1-65535 --host " + NAME);
    }
    try (Account server = new Account(here.resolve("server"), lab.user().prefix());
        Account client = new Account(here.resolve("client"), lab.first().host().prefix())) {
      for (String line : lines) {
        List<String> typed = List.of("sh", "-ec", "exec " + line.replace(NAME, Lab.USER));
        if (line.startsWith(SERVER)) {
          server.start(Map.of(), typed).awaitErr(" ready; ");
        } else {
          Program one = client.start(Map.of("L4PROXY_JOIN", server.keys().getLast()), typed);
          one.awaitOut("^PUBLIC ADDRESS: " + Lab.USER + ":");
          one.terminate();
          assertEquals(0, one.exit(), one.said());
        }
      }
    }
  }

  private void type(DocPage.Block block) throws IOException, InterruptedException {
    String typed = String.join("\n", block.commands());
    String commands = filledIn(typed);
    Program shell = start(block.where(), commands);
    if (block.use() == DocPage.Use.RUN) {
      for (int more = TRIES; shell.exit() != 0 && isTooSlow(shell) && more > 0; more--) {
        shell = start(block.where(), commands);
      }
      assertEquals(0, shell.exit(), shell.said());
    } else {
      staying.add(new Staying(block, shell));
      if (commands.startsWith(SERVER)) {
        shell.await(shell.err(), " ready; ", 0, Faults.PATIENCE);
      }
    }
    last = Optional.of(shell);
    Program speaking = typed.contains("PID") ? staying.getLast().program() : shell;
    for (String line : block.printed()) {
      printed(speaking, line.replace(NAME, Lab.SERVER).replace(ADDRESS, Lab.SERVER));
    }
  }

  private Program start(String where, String commands) throws IOException {
    Map<String, String> more = new HashMap<>();
    more.put("PYTHONUNBUFFERED", "1");
    more.put("PATH", surroundings.path());
    if (where.equals("server") && Files.exists(accounts.get(where).credentials())) {
      more.put("KEY", accounts.get(where).rememberedKey(CONTROL));
    }
    return accounts.get(where).start(more, List.of("sh", "-ec", commands));
  }

  /** A server gives whoever comes 5 s, which on a machine with too much to do may be too short. */
  private static boolean isTooSlow(Program shell) {
    return shell.err().text().contains("Cannot talk to the server");
  }

  private String filledIn(String commands) {
    return LEFT_OUT
        .matcher(commands.replace(NAME, Lab.SERVER))
        .replaceAll(found -> Matcher.quoteReplacement(meant(found)));
  }

  private String meant(MatchResult found) {
    return switch (found.group()) {
      case "l4p1_…" -> accounts.get("server").keys().getLast();
      case "PASSWORD" -> login();
      case "NAME" -> last.orElseThrow().out().all().getLast().split(" ", 2)[0];
      case "PID" -> String.valueOf(leaf(staying.getLast().program().pid()));
      case "printer.lan" -> "127.0.0.1";
      default -> Sshd.user();
    };
  }

  private String login() {
    return accounts.get("client").programs().stream()
        .flatMap(program -> program.out().all().stream())
        .filter(line -> line.startsWith("PROXY LOGIN: "))
        .map(line -> line.substring(line.lastIndexOf(':') + 1))
        .findFirst()
        .orElseThrow();
  }

  /** The program that a shell has started, unless it has become that program. */
  private static long leaf(long pid) {
    return ProcessHandle.of(pid)
        .orElseThrow()
        .descendants()
        .findFirst()
        .map(ProcessHandle::pid)
        .orElse(pid);
  }

  /** Waits for a line on stdout or stderr; {@code …} is anything, and any number of blanks one. */
  private static void printed(Program shell, String line) throws InterruptedException {
    String expression =
        Arrays.stream(line.split("…", -1))
            .map(piece ->
                Stream.of(piece.split(" +", -1))
                    .map(Pattern::quote)
                    .collect(Collectors.joining(" +")))
            .collect(Collectors.joining(".*", "^", "$"));
    boolean log = line.contains(" INFO ");
    shell.await(log ? shell.err() : shell.out(), expression, 0, Faults.PATIENCE);
  }

  /** Waits for an address that is announced, where the page does not say so. */
  private static void isReachable(Staying each) throws InterruptedException {
    String command = each.block().commands().getLast();
    if (each.block().printed().isEmpty() && command.startsWith(CLIENT)) {
      Program client = each.program();
      client.await(client.out(), "^PUBLIC ADDRESS: ", 0, Faults.PATIENCE);
    }
  }

  @Override
  public void close() throws IOException {
    for (Account each : accounts.values()) {
      each.programs().forEach(Program::close);
    }
    surroundings.close();
    for (Account each : accounts.values()) {
      each.close();
    }
  }
}
