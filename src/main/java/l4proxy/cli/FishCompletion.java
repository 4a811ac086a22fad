package l4proxy.cli;

import java.util.stream.Collectors;

/** Completion for fish, with descriptions. */
final class FishCompletion {
  private static final String SCRIPT =
      """
      # Completion of l4proxy for fish:
      # l4proxy completion fish > ~/.config/fish/completions/l4proxy.fish
      function __l4proxy_at # whether exactly these words stand before
          set -l words (commandline -opc)
          set -e words[1]
          test "$words" = "$argv[1]"
      end
      function __l4proxy_command # whether these words are the command
          set -l words (commandline -opc)
          set -e words[1]
          set -l command
          for word in $words
              switch (string trim -- "$command $word")
                  case @COMMANDS@
                      set command (string trim -- "$command $word")
                  case '*'
                      break
              end
          end
          test "$command" = "$argv[1]"
      end
      complete -c l4proxy -f
      """;

  private FishCompletion() {}

  static String of(CommandTree tree) {
    String commands =
        tree.places().stream()
            .map(CommandTree.Place::words)
            .filter(words -> !words.isEmpty())
            .map(FishCompletion::quoted)
            .collect(Collectors.joining(" "));
    StringBuilder script = new StringBuilder(SCRIPT.replace("@COMMANDS@", commands));
    for (CommandTree.Place place : tree.places()) {
      place.next().forEach((word, sentence) -> next(script, place, word, sentence));
      place.options().forEach(choice -> option(script, place, choice));
    }
    return script.toString();
  }

  private static void next(
      StringBuilder script, CommandTree.Place place, String word, String sentence) {
    script.append("complete -c l4proxy -n ");
    script.append(quoted("__l4proxy_at \"" + place.words() + "\"")).append(" -a ").append(word);
    script.append(sentence.isEmpty() ? "" : " -d " + quoted(sentence)).append('\n');
  }

  private static void option(
      StringBuilder script, CommandTree.Place place, CommandTree.Choice choice) {
    script.append("complete -c l4proxy -n ");
    script.append(quoted("__l4proxy_command \"" + place.words() + "\""));
    choice.names().stream()
        .filter(name -> name.equals(choice.name()) || !name.startsWith("--"))
        .map(name -> name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.charAt(1))
        .forEach(script::append);
    script.append(
        switch (choice.behind()) {
          case NOTHING -> "";
          case FILE -> " -r -F";
          case DIRECTORY -> " -x -a '(__fish_complete_directories)'";
          case ONE_OF -> " -x -a '" + String.join(" ", choice.values()) + "'";
          case ANY -> " -x";
        });
    script.append(" -d ").append(quoted(choice.description())).append('\n');
  }

  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
