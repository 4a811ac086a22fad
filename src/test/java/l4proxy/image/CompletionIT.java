package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shells themselves read what {@code completion} prints, and complete with it. */
@Tag("beside")
@Timeout(150)
final class CompletionIT {
  /** Completes a line given as words, the last of which the cursor is at the end of. */
  private static final String COMPLETE =
      """
      source "$1" || exit
      shift
      function=$(complete -p l4proxy | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
      COMP_WORDS=("$@")
      COMP_CWORD=$(($# - 1))
      "$function" l4proxy "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
      echo "<$(printf '%s\n' "${COMPREPLY[@]}" | sort | xargs)>"
      """;

  @TempDir private Path directory;
  @AutoClose private Account account;

  @BeforeEach
  void makeAccount() throws IOException {
    account = new Account(directory.resolve("account"));
  }

  private Path script(String shell) throws IOException, InterruptedException {
    Program completion = account.l4proxy("completion", shell);
    assertEquals(0, completion.exit(), completion.said());
    assertEquals(List.of(), completion.err().all());
    return Files.writeString(directory.resolve("script." + shell), completion.out().text() + "\n");
  }

  private void reads(String... command) throws IOException, InterruptedException {
    Program check = account.start(Map.of(), List.of(command));
    assertEquals(0, check.exit(), check.said());
    assertEquals(List.of(), check.err().all());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cl | client",
        "client cl | close",
        "client --bal | --balance",
        "client --share-p | --share_public_port",
        "client close us | user",
        "client list user --cl | --client_name",
        "client --balance | '--balance'",
        "client --balance r | random round_robin",
        "client --balance = so | source",
        "client --proxy_protocol v | v1 v2",
        "client list -o j | json",
        "key c | create",
        "completion z | zsh",
        "client --config scr | script.a script.b",
        "client --config=x --config scr | script.a script.b",
        "server --state-dir sta | state",
        "client 127.0.0.1 cl | ''",
        "client --drain cl | ''",
        "client --user_auth | ''",
      })
  void bashCompletesALine(String line, String replies) throws IOException, InterruptedException {
    Path script = script("bash");
    Path work = directory.resolve("account/work");
    Files.createDirectories(work.resolve("state"));
    Files.createFile(work.resolve("script.a"));
    Files.createFile(work.resolve("script.b"));
    Files.createFile(work.resolve("start"));
    List<String> command = new ArrayList<>();
    command.addAll(List.of("bash", "-c", COMPLETE, "bash", script.toString(), "l4proxy"));
    command.addAll(List.of(line.split(" ")));
    Program bash = account.start(Map.of(), command);
    assertEquals("<" + replies + ">", Account.only(bash), bash.said());
    assertEquals(List.of(), bash.err().all());
  }

  @Test
  void everyCommandIsAmongTheFirstWords() throws IOException, InterruptedException {
    Path script = script("bash");
    Program bash =
        account.start(
            Map.of(), List.of("bash", "-c", COMPLETE, "bash", script.toString(), "l4proxy", ""));
    assertEquals(
        "<check client completion dashboard demo health key lan man redirect server>",
        Account.only(bash),
        bash.said());
  }

  @Test
  void bashReadsItsScript() throws IOException, InterruptedException {
    reads("bash", "-n", script("bash").toString());
  }

  @Test
  void zshReadsItsScript() throws IOException, InterruptedException {
    String zsh = Tools.require("zsh");
    reads(zsh, "-n", script("zsh").toString());
  }

  @Test
  void fishReadsItsScriptAndCompletes() throws IOException, InterruptedException {
    String fish = Tools.require("fish");
    Path script = script("fish");
    reads(fish, "--no-execute", script.toString());
    Program close = fish(fish, script, "l4proxy client close us");
    assertTrue(close.out().text().startsWith("user\t"), close.said());
    Program balance = fish(fish, script, "l4proxy client --balance r");
    assertEquals("round_robin\nrandom", sorted(balance), balance.said());
  }

  private Program fish(String fish, Path script, String line)
      throws IOException, InterruptedException {
    String command = "source " + script + "; complete -C '" + line + "'";
    Program program = account.start(Map.of(), List.of(fish, "-c", command));
    assertEquals(0, program.exit(), program.said());
    return program;
  }

  private static String sorted(Program program) {
    return String.join(
        "\n",
        program.out().all().stream()
            .map(line -> line.split("\t")[0])
            .sorted(Comparator.reverseOrder())
            .toList());
  }

  @ParameterizedTest
  @CsvSource({"completion", "completion tcsh", "completion bash zsh"})
  void anythingElseIsOneSentenceAndExitCode2(String line) throws IOException, InterruptedException {
    Program wrong = account.l4proxy(line.split(" "));
    assertEquals(2, wrong.exit(), wrong.said());
    assertEquals(List.of(), wrong.out().all());
    assertEquals(1, wrong.err().all().size(), wrong.said());
    assertTrue(wrong.err().text().contains("bash, zsh or fish"), wrong.said());
  }
}
