package l4proxy.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import l4proxy.client.Sharing;

/** All commands and their options as shells complete them: what may follow which words. */
final class CommandTree {
  /** Values of options that take one of a few, by placeholder. */
  private static final Map<String, List<String>> VALUES =
      Map.of(
          "RULE", List.copyOf(Sharing.BALANCES),
          "VERSION", List.of("v1", "v2"),
          "FORMAT", List.of("table", Values.Output.JSON));

  /** What stands behind an option. */
  enum Behind {
    NOTHING,
    FILE,
    DIRECTORY,
    ONE_OF,
    ANY
  }

  /**
   * An option.
   *
   * @param names all that it may be written as, with dashes for underscores too
   * @param name as help shows it
   * @param description of help
   * @param behind what its value is
   * @param values the few it may be; else empty
   */
  record Choice(
      List<String> names, String name, String description, Behind behind, List<String> values) {
    static Choice of(Option option) {
      var declared = option.declared().getParameterAnnotation();
      List<String> values = VALUES.getOrDefault(declared.placeholder(), List.of());
      Behind behind =
          switch (declared.placeholder()) {
            case "FILE" -> Behind.FILE;
            case "DIR" -> Behind.DIRECTORY;
            default ->
                option.flag() ? Behind.NOTHING : values.isEmpty() ? Behind.ANY : Behind.ONE_OF;
          };
      List<String> names =
          Stream.of(declared.names())
              .flatMap(name -> Stream.of(name, dashed(name)))
              .distinct()
              .toList();
      return new Choice(names, option.name(), declared.description(), behind, values);
    }

    private static String dashed(String name) {
      return name.replace('_', '-');
    }
  }

  /**
   * Words that a command line may begin with.
   *
   * @param words one space between two; empty for the program alone
   * @param next each word that may follow, with its sentence
   * @param options of the command that the words are
   */
  record Place(String words, Map<String, String> next, List<Choice> options) {}

  private final Map<String, Place> places = new LinkedHashMap<>();

  CommandTree() {
    place("").options().addAll(everywhere());
    place("").options().add(alone(List.of("--version"), "shows the version"));
    for (Commands.Entry entry : Commands.ALL) {
      add(entry);
    }
  }

  private void add(Commands.Entry entry) {
    String before = "";
    for (String word : entry.name().split(" ")) {
      String words = before.isEmpty() ? word : before + " " + word;
      place(before).next().putIfAbsent(word, "");
      before = words;
    }
    int last = entry.name().lastIndexOf(' ');
    place(last < 0 ? "" : entry.name().substring(0, last))
        .next()
        .put(entry.name().substring(last + 1), entry.sentence());
    Place place = place(entry.name());
    new Options(entry.create())
        .byName()
        .values()
        .forEach(option -> place.options().add(Choice.of(option)));
    place.options().addAll(everywhere());
    if (entry.arguments().contains("|")) {
      for (String each : entry.arguments().split("\\|")) {
        place.next().put(each, "");
      }
    }
  }

  private Place place(String words) {
    return places.computeIfAbsent(
        words, key -> new Place(key, new LinkedHashMap<>(), new ArrayList<>()));
  }

  private static List<Choice> everywhere() {
    return List.of(alone(Arguments.HELP, "shows help"));
  }

  private static Choice alone(List<String> names, String description) {
    return new Choice(names, names.getLast(), description, Behind.NOTHING, List.of());
  }

  Collection<Place> places() {
    return places.values();
  }

  /** Each option that has a value once, whatever commands take it. */
  Collection<Choice> withValue() {
    return places.values().stream()
        .flatMap(place -> place.options().stream())
        .filter(choice -> choice.behind() != Behind.NOTHING)
        .collect(
            Collectors.toMap(
                Choice::name, choice -> choice, (one, other) -> one, LinkedHashMap::new))
        .values();
  }

  /** Text in single quotes, as bash and zsh read it. */
  static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
