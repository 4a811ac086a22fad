package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import l4proxy.DocPage;
import l4proxy.lab.Lab;
import l4proxy.lab.Namespace;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The tutorial and what begins where it ends, typed by somebody who has two machines: the blocks
 * {@code sh run} and {@code sh stays} of the pages, in their order, with what is to come of each;
 * and the blocks {@code sh tried}, each with a server of its own. Names of machines are replaced by
 * addresses, and a key that is left out by the last one printed.
 */
@Timeout(120)
@Tag("beside")
final class DocsIT {
  private static final List<String> PAGES = List.of("tutorial", "recipes", "migration");
  private static final String NAME = "example.org";
  private static final String SERVER = "l4proxy server";
  private static final String KEY = "l4p1_…";
  private static final int TRIES = 3;

  @TempDir private Path directory;
  private final Map<String, Account> accounts = new HashMap<>();

  @Test
  void tutorialAndRecipesDoWhatTheySay() throws Exception {
    Lab.missing().ifPresent(Tools::skip);
    Tools.require("curl");
    Tools.require("python3");
    try (Lab lab = new Lab()) {
      try {
        have("server", lab.server());
        have("client", lab.first().host());
        have("user", lab.user());
        for (String each : PAGES) {
          follow(lab, DocPage.read(DocPage.DIRECTORY.resolve(each + ".md")));
        }
      } finally {
        for (Account each : accounts.values()) {
          each.programs().forEach(Program::close);
        }
      }
      for (Account each : accounts.values()) {
        each.close();
      }
    }
  }

  @Test
  void otherPagesHaveNothingThatIsToBeRun() throws IOException {
    for (DocPage page : DocPage.all()) {
      if (PAGES.stream().noneMatch(each -> page.path().endsWith(each + ".md"))) {
        assertTrue(
            page.blocks().stream().allMatch(block -> block.use() == DocPage.Use.READ),
            page.path().toString());
      }
    }
  }

  @Test
  void pictureIsDrawnFromTheTutorial() throws IOException, InterruptedException {
    String picture = "src/doc/picture.py";
    Path here = Path.of("").toAbsolutePath();
    String drawn = Program.run(here, Duration.ofSeconds(20), Tools.require("python3"), picture);
    String kept = Files.readString(DocPage.DIRECTORY.resolve("terminal.svg"));
    assertEquals(kept.stripTrailing(), drawn, "draw it anew: see " + picture);
  }

  private void have(String where, Namespace machine) throws IOException {
    accounts.put(where, new Account(directory.resolve(where), machine.prefix()));
  }

  private void follow(Lab lab, DocPage page) throws IOException, InterruptedException {
    for (DocPage.Block block : page.blocks()) {
      if (block.use() != DocPage.Use.READ && !block.where().equals(DocPage.SERVICES)) {
        try {
          if (block.use() == DocPage.Use.TRIED) {
            tryOut(lab, block);
          } else {
            type(block);
          }
        } catch (AssertionError e) {
          throw new AssertionError(page.path() + ":" + block.line() + ": " + e.getMessage(), e);
        }
      }
    }
  }

  /** Servers where users are, clients where the client is, one after the other. */
  private void tryOut(Lab lab, DocPage.Block block) throws IOException, InterruptedException {
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
    String commands = String.join("\n", block.commands()).replace(NAME, Lab.SERVER);
    if (commands.contains(KEY)) {
      commands = commands.replace(KEY, accounts.get("server").keys().getLast());
    }
    Program shell = start(block.where(), commands);
    if (block.use() == DocPage.Use.RUN) {
      for (int more = TRIES; shell.exit() != 0 && isTooSlow(shell) && more > 0; more--) {
        shell = start(block.where(), commands);
      }
      assertEquals(0, shell.exit(), shell.said());
    }
    for (String line : block.printed()) {
      printed(shell, line.replace(NAME, Lab.SERVER));
    }
  }

  private Program start(String where, String commands) throws IOException {
    return accounts
        .get(where)
        .start(Map.of("PYTHONUNBUFFERED", "1"), List.of("sh", "-ec", commands));
  }

  /** A server gives whoever comes 5 s, which on a machine with too much to do may be too short. */
  private static boolean isTooSlow(Program shell) {
    return shell.err().text().contains("Cannot talk to the server");
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
}
