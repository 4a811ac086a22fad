package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import l4proxy.DocPage;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What README and the pages of {@code src/doc} say of the program is true of it: the commands are
 * taken, the options, variables and files are there, messages are said as they are quoted, and
 * links lead somewhere. {@code DocsIT} runs what can be run.
 */
class DocsTest {
  private static final Path SOURCES = Path.of("src/main/java");
  private static final Path IMAGE_TESTS = Path.of("src/test/java/l4proxy/image");
  private static final Pattern OPTION = Pattern.compile("(?:^| )--([a-z_-]+)");
  private static final Pattern VARIABLE = Pattern.compile("L4PROXY_[A-Z_]*[A-Z]");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern OWN_FILE =
      Pattern.compile("(?<![\\w./-])(?:\\./)?((?:src|jlink)/[\\w./-]*\\w|mvnw)(?![\\w*])");
  private static final Pattern CONFIG = Pattern.compile("\\{\"server\": .*?\\]\\}", Pattern.DOTALL);

  /** Words that stand for something to be filled in. */
  private static final Set<String> NO_COMMANDS = Set.of("COMMAND", ".");

  /** Other programs' options, and their variables. */
  private static final Set<String> NOT_OURS = Set.of("--format");

  private static final Set<String> OF_THE_LAUNCHER = Set.of("L4PROXY_JAVA_OPTS");

  /** How far apart pieces of one sentence may be in the sources. */
  private static final int SENTENCE = 1_000;

  @TempDir private Path directory;

  @TestFactory
  Stream<DynamicTest> everyCommandIsTaken() throws IOException {
    return DocPage.all().stream()
        .flatMap(page ->
            new LinkedHashSet<>(page.commands())
                .stream()
                    .map(command ->
                        dynamicTest(page.path() + ": l4proxy " + command, () -> isTaken(command))));
  }

  private static void isTaken(String command) throws Exception {
    List<String> words =
        new ArrayList<>(
            Arrays.stream(command.split("\\s+"))
                .filter(word -> !Set.of("...", "…").contains(word))
                .toList());
    if (words.isEmpty() || NO_COMMANDS.contains(words.getFirst())) {
      return;
    }
    int file = words.indexOf("--config"); // what is in it is looked at for itself
    if (file >= 0) {
      words.subList(file, file + 2).clear();
    }
    if (words.equals(List.of("--version"))) {
      return;
    }
    Commands.Entry entry = Commands.find(words);
    Command made = entry.create();
    List<String> given = words.subList(entry.name().split(" ").length, words.size());
    new Binding(made, new Options(made)).fill(given, Map.of());
  }

  @TestFactory
  Stream<DynamicTest> everyBlockSaysWhetherItIsRun() throws IOException {
    return DocPage.all().stream()
        .flatMap(page ->
            page.blocks().stream()
                .map(block ->
                    dynamicTest(
                        page.path()
                            + ":"
                            + block.line()
                            + " "
                            + block.use().name().toLowerCase(Locale.ROOT)
                            + " ("
                            + block.where()
                            + ")",
                        () -> assertTrue(!block.commands().isEmpty(), "an empty block"))));
  }

  @Test
  void everyBlockIsFenced() throws IOException {
    for (DocPage page : DocPage.all()) {
      assertEquals(List.of(), page.indented(), page.path().toString());
    }
  }

  @TestFactory
  Stream<DynamicTest> everyBlockThatIsOnlyReadSaysWhatTestsOfIt() throws IOException {
    return DocPage.all().stream()
        .flatMap(page ->
            page.blocks().stream()
                .filter(block -> block.use() == DocPage.Use.READ)
                .map(block ->
                    dynamicTest(
                        page.path() + ":" + block.line() + " " + block.where(),
                        () -> namesWhatRuns(block.where()))));
  }

  private static void namesWhatRuns(String reason) {
    List<String> named =
        Pattern.compile("\\w+IT\\b|[.]ci/run")
            .matcher(reason)
            .results()
            .map(r -> r.group())
            .toList();
    assertTrue(!named.isEmpty(), reason);
    for (String each : named) {
      Path file = each.endsWith("IT") ? IMAGE_TESTS.resolve(each + ".java") : Path.of(each);
      assertTrue(Files.exists(file), file.toString());
    }
  }

  @Test
  void everyOptionIsThere() throws IOException {
    Set<String> known =
        Commands.ALL.stream()
            .flatMap(entry -> new Options(entry.create()).byName().keySet().stream())
            .collect(Collectors.toCollection(TreeSet::new));
    known.addAll(Set.of("--help", "--version"));
    known.addAll(NOT_OURS);
    Set<String> unknown = new TreeSet<>();
    for (DocPage page : DocPage.all()) {
      page.lines().stream()
          .flatMap(line -> DocPage.spans(ours(page, line)).stream())
          .flatMap(span -> OPTION.matcher(span).results())
          .map(result -> "--" + result.group(1).replace('-', '_'))
          .filter(option -> !known.contains(option))
          .forEach(option -> unknown.add(page.path() + ": " + option));
    }
    assertEquals(Set.of(), unknown);
  }

  @Test
  void everyCommandHasARowOfOptions() throws IOException {
    List<String> rows =
        DocPage.read(Path.of("README.md")).lines().stream()
            .filter(line -> line.startsWith("| `"))
            .map(line -> line.split(" \\| ", 2)[0])
            .toList();
    for (Commands.Entry entry : Commands.ALL) {
      Pattern command = Pattern.compile("`" + entry.name() + "[` ]");
      assertTrue(rows.stream().anyMatch(row -> command.matcher(row).find()), entry.name());
    }
  }

  /** Of a table that compares, what it says of this program: the second column. */
  private static String ours(DocPage page, String line) {
    if (!page.path().endsWith("migration.md") || !line.startsWith("| ")) {
      return line;
    }
    String[] cells = line.split(" \\| ");
    return cells.length == 2 ? cells[1] : "";
  }

  @Test
  void everyVariableIsThere() throws IOException {
    Set<String> known =
        Commands.ALL.stream()
            .flatMap(entry -> new Options(entry.create()).byName().values().stream())
            .map(Option::variable)
            .collect(Collectors.toCollection(TreeSet::new));
    known.addAll(OF_THE_LAUNCHER);
    Set<String> named = new TreeSet<>();
    for (DocPage page : DocPage.all()) {
      Matcher matcher = VARIABLE.matcher(String.join("\n", page.lines()));
      matcher.results().forEach(result -> named.add(result.group()));
    }
    named.removeAll(known);
    assertEquals(Set.of(), named);
  }

  @Test
  void everyConfigurationFileIsRight() throws Exception {
    List<String> files = new ArrayList<>();
    for (DocPage page : DocPage.all()) {
      String text = String.join("\n", page.lines());
      CONFIG.matcher(text).results().forEach(result -> files.add(result.group()));
    }
    assertTrue(files.size() >= 2, files.toString());
    for (String each : files) {
      Path file = Files.writeString(directory.resolve("client.json"), each);
      Command client = Commands.find(List.of("client")).create();
      new Binding(client, new Options(client)).fill(List.of("--config", file.toString()), Map.of());
    }
  }

  @Test
  void everyFileOfTheSourcesIsThere() throws IOException {
    for (DocPage page : DocPage.all()) {
      for (Matcher m = OWN_FILE.matcher(String.join("\n", page.lines())); m.find(); ) {
        assertTrue(Files.exists(Path.of(m.group(1))), page.path() + ": " + m.group(1));
      }
    }
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    for (DocPage page : DocPage.all()) {
      for (Matcher m = LINK.matcher(String.join("\n", page.lines())); m.find(); ) {
        String[] target = m.group(1).split("#", 2);
        if (!target[0].contains("://")) {
          leadsSomewhere(page.path(), m.group(1), target);
        }
      }
    }
  }

  private static void leadsSomewhere(Path from, String link, String[] target) throws IOException {
    Path file = target[0].isEmpty() ? from : from.resolveSibling(target[0]).normalize();
    assertTrue(Files.exists(file), from + ": " + link);
    if (target.length > 1) {
      boolean there =
          Files.readAllLines(file).stream()
              .filter(line -> line.startsWith("#"))
              .anyMatch(line -> anchor(line).equals(target[1]));
      assertTrue(there, from + ": " + link);
    }
  }

  /** As GitHub makes one of a heading. */
  private static String anchor(String heading) {
    return heading
        .replaceFirst("^#+ ", "")
        .toLowerCase(Locale.ROOT)
        .replaceAll("[^a-z0-9 _-]", "")
        .replace(' ', '-');
  }

  @Test
  void everyPageIsLinkedFromReadme() throws IOException {
    String readme = Files.readString(Path.of("README.md"));
    for (DocPage page : DocPage.all()) {
      assertTrue(
          page.path().endsWith("README.md") || readme.contains("(" + page.path() + ")"),
          page.path().toString());
    }
  }

  @TestFactory
  Stream<DynamicTest> everyMessageIsSaidAsItIsQuoted() throws IOException {
    List<String> sources = sources();
    List<String> messages =
        DocPage.read(DocPage.DIRECTORY.resolve("troubleshooting.md")).lines().stream()
            .filter(line -> line.startsWith("### `"))
            .map(line -> DocPage.spans(line).getFirst())
            .toList();
    assertTrue(messages.size() >= 15, messages.size() + " messages");
    return messages.stream()
        .map(message ->
            dynamicTest(
                message, () -> assertTrue(isSaid(sources, message), "no source has: " + message)));
  }

  /** Every source, with sentences that are put together of pieces in one. */
  private static List<String> sources() throws IOException {
    List<String> sources = new ArrayList<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path each : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        sources.add(Files.readString(each).replaceAll("\"\\s*\\+\\s*\"", "").replace("\\\"", "\""));
      }
    }
    return sources;
  }

  /** Whether one source has the pieces between {@code …} one behind the other. */
  private static boolean isSaid(List<String> sources, String message) {
    String pieces =
        Arrays.stream(message.split("…"))
            .map(String::strip)
            .filter(piece -> piece.length() > 2)
            .map(Pattern::quote)
            .collect(Collectors.joining(".{0," + SENTENCE + "}?"));
    assertTrue(!pieces.isEmpty(), message);
    Pattern pattern = Pattern.compile(pieces, Pattern.DOTALL);
    return sources.stream().anyMatch(source -> pattern.matcher(source).find());
  }
}
