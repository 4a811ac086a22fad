package l4proxy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A page of documentation, taken apart. What stands behind {@code ```sh} says what tests do with
 * the commands of a block, and a block {@code ```text} behind it is what they print, {@code …}
 * standing for anything:
 *
 * <pre>
 *   ```sh run on client     it is run to its end, on the client's machine
 *   ```sh stays on server   it is run, and goes on to the end of the page
 *   ```sh run on systemd    it is run to its end where systemd runs
 *   ```sh run on sources    it is run to its end where the sources and the image are
 *   ```sh tried             each line is a server or a client of it, run until it is ready
 *   ```sh read: REASON      it is only read: each command and option must be there
 * </pre>
 *
 * @param path of the page
 * @param lines of it
 */
public record DocPage(Path path, List<String> lines) {
  /** Where the pages are, but for README. */
  public static final Path DIRECTORY = Path.of("src/doc");

  /** The machine of blocks that are run where systemd runs. */
  public static final String SERVICES = "systemd";

  /** The place of blocks that are run where the sources and the image are. */
  public static final String SOURCES = "sources";

  /** Where a server and users are, a client behind NAT, and a machine that has all of it. */
  public static final List<String> MACHINES = List.of("server", "client", "user", "desk");

  private static final Pattern SPAN = Pattern.compile("`([^`]+)`");

  /** What tests do with a block. */
  public enum Use {
    RUN,
    STAYS,
    TRIED,
    READ
  }

  /**
   * Commands to type.
   *
   * @param line of the page at which it begins, counted from 1
   * @param use what tests do with it
   * @param where on which machine it is run; why it is not, for one that is only read; empty for
   *     one that is tried
   * @param commands its lines
   * @param printed what is to come of it, line by line; may be empty
   */
  public record Block(
      int line, Use use, String where, List<String> commands, List<String> printed) {}

  /** A fenced block of any kind. */
  private record Fence(int line, String info, List<String> lines) {}

  /** Reads one. */
  public static DocPage read(Path path) throws IOException {
    return new DocPage(path, Files.readAllLines(path));
  }

  /** README, and all of {@link #DIRECTORY}. */
  public static List<DocPage> all() throws IOException {
    List<DocPage> all = new ArrayList<>(List.of(read(Path.of("README.md"))));
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      for (Path each : files.filter(f -> f.toString().endsWith(".md")).sorted().toList()) {
        all.add(read(each));
      }
    }
    return all;
  }

  /** The commands of it that are fenced; those that do not say what tests do are a failure. */
  public List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    List<Fence> fences = fences();
    for (int i = 0; i < fences.size(); i++) {
      if (fences.get(i).info().startsWith("sh")) {
        boolean shown = i + 1 < fences.size() && fences.get(i + 1).info().equals("text");
        blocks.add(block(fences.get(i), shown ? fences.get(i + 1).lines() : List.of()));
      }
    }
    return blocks;
  }

  private Block block(Fence fence, List<String> printed) {
    String info = fence.info();
    if (info.startsWith("sh read: ")) {
      String why = info.substring("sh read: ".length());
      return new Block(fence.line(), Use.READ, why, fence.lines(), printed);
    }
    if (info.equals("sh tried")) {
      return new Block(fence.line(), Use.TRIED, "", fence.lines(), printed);
    }
    String[] words = info.split(" ");
    if (words.length != 4
        || !List.of("run", "stays").contains(words[1])
        || !words[2].equals("on")
        || !(MACHINES.contains(words[3]) || List.of(SERVICES, SOURCES).contains(words[3]))) {
      throw new AssertionError(
          path + ":" + fence.line() + ": expected run on, stays on, tried or read: behind ```sh");
    }
    Use use = words[1].equals("run") ? Use.RUN : Use.STAYS;
    return new Block(fence.line(), use, words[3], fence.lines(), printed);
  }

  private List<Fence> fences() {
    List<Fence> fences = new ArrayList<>();
    for (int at = 0; at < lines.size(); at++) {
      if (lines.get(at).startsWith("```")) {
        int from = at + 1;
        int to = from;
        while (!lines.get(to).equals("```")) {
          to++;
        }
        fences.add(new Fence(from, lines.get(at).substring(3), lines.subList(from, to)));
        at = to;
      }
    }
    return fences;
  }

  /**
   * Every command of l4proxy on the page, as it is typed: of fenced blocks, and within sentences.
   */
  public List<String> commands() {
    List<String> commands = new ArrayList<>(commandsInSentences());
    fences().stream()
        .filter(fence -> !fence.info().equals("text"))
        .flatMap(fence -> fence.lines().stream())
        .forEach(line -> commands.addAll(own(line)));
    return commands;
  }

  /** Those within sentences and tables. */
  public List<String> commandsInSentences() {
    List<String> commands = new ArrayList<>();
    boolean fenced = false;
    for (String line : lines) {
      fenced ^= line.startsWith("```");
      if (!fenced && !line.startsWith("#")) { // a message is no command
        spans(line).forEach(span -> commands.addAll(own(span)));
      }
    }
    return commands;
  }

  /** What is indented so that it looks like a block, and says nothing of tests. */
  public List<String> indented() {
    List<String> indented = new ArrayList<>();
    boolean fenced = false;
    for (String line : lines) {
      fenced ^= line.startsWith("```");
      if (!fenced && line.startsWith("    ")) {
        indented.add(line);
      }
    }
    return indented;
  }

  /** What stands behind the program's name in a line, up to the end of that command. */
  private static List<String> own(String line) {
    List<String> found = new ArrayList<>();
    Matcher matcher =
        Pattern.compile("(?:^|[ (=\"])l4proxy ((?:\"[^\"]*\"|'[^']*'|[^#|&;<>)'\"])+)")
            .matcher(line);
    while (matcher.find()) {
      found.add(matcher.group(1).strip());
    }
    return found;
  }

  /** What stands between backquotes in a line. */
  public static List<String> spans(String line) {
    return SPAN.matcher(line).results().map(result -> result.group(1)).toList();
  }
}
