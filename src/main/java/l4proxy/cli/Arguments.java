package l4proxy.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The words of a command line, told apart: options with their values, and arguments.
 *
 * @param options by name; the last counts when one is given twice
 * @param arguments the rest, in order
 */
record Arguments(Map<String, Given> options, List<String> arguments) {
  /** How help is asked for. */
  static final List<String> HELP = List.of("-h", "--help");

  /**
   * Reads the words: {@code --opt value}, {@code --opt=value}, dashes or underscores; {@code --}
   * ends the options.
   *
   * @param known the command's options by name
   */
  static Arguments parse(List<String> words, Map<String, Option> known) throws UsageException {
    Map<String, Given> options = new HashMap<>();
    List<String> arguments = new ArrayList<>();
    for (Iterator<String> left = words.iterator(); left.hasNext(); ) {
      String word = left.next();
      if (word.equals("--")) {
        left.forEachRemaining(arguments::add);
      } else if (word.startsWith("-") && word.length() > 1) {
        option(word, left, known, options);
      } else {
        arguments.add(word);
      }
    }
    return new Arguments(options, arguments);
  }

  private static void option(
      String word, Iterator<String> left, Map<String, Option> known, Map<String, Given> options)
      throws UsageException {
    int equals = word.indexOf('=');
    if (HELP.contains(word)) {
      options.put(HELP.getLast(), new Given("true", word));
      return;
    }
    String name = name(equals < 0 ? word : word.substring(0, equals));
    Option option =
        known.values().stream()
            .filter(each -> each.isWritten(name))
            .findFirst()
            .orElseThrow(() -> unknown(equals < 0 ? word : word.substring(0, equals), known));
    String value;
    if (equals >= 0) {
      value = word.substring(equals + 1);
    } else if (option.flag()) {
      value = "true";
    } else if (left.hasNext()) {
      value = left.next();
    } else {
      throw new UsageException(option.name() + " needs a value behind it.");
    }
    options.put(option.name(), new Given(value, option.name()));
  }

  private static String name(String written) {
    return written.startsWith("--") ? "--" + written.substring(2).replace('-', '_') : written;
  }

  /** Whether help is asked for, whatever else is. */
  boolean help() {
    return options.containsKey(HELP.getLast());
  }

  private static UsageException unknown(String written, Map<String, Option> known) {
    List<String> names = new ArrayList<>(known.keySet());
    names.addAll(HELP);
    String hint = Nearest.hint(name(written), names);
    return new UsageException(
        "There is no option "
            + Text.bare(written)
            + (hint.isEmpty() ? "; --help lists them." : hint));
  }
}
