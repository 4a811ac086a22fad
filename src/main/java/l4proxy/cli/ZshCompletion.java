package l4proxy.cli;

import java.util.Map;
import java.util.stream.Collectors;

/** Completion for zsh, with descriptions. */
final class ZshCompletion {
  private static final String SCRIPT =
      """
      #compdef l4proxy
      # Completion of l4proxy for zsh: write this to a file _l4proxy in a directory of $fpath,
      # or, behind compinit in ~/.zshrc: source <(l4proxy completion zsh)
      _l4proxy() {
        local command= previous=${words[CURRENT-1]}
        local -i count=2
        local -a next options
        while (( count < CURRENT )); do
          case "$command${command:+ }${words[count]}" in
            (@COMMANDS@)
              command+=${command:+ }${words[count]} ;;
            (*) break ;;
          esac
          (( count++ ))
        done
        if [[ $PREFIX == --*=* ]]; then
          previous=${PREFIX%%=*}
          compset -P '*='
        fi
        case "$previous" in
      @VALUES@
        esac
        case "$command" in
      @PLACES@
        esac
        if [[ $PREFIX == -* ]]; then
          _describe -o option options
        elif (( count == CURRENT )); then
          _describe command next
        fi
      }
      if [[ ${funcstack[1]} == _l4proxy ]]; then
        _l4proxy "$@"
      else
        compdef _l4proxy l4proxy
      fi
      """;

  private ZshCompletion() {}

  static String of(CommandTree tree) {
    return SCRIPT
        .replace(
            "@COMMANDS@",
            tree.places().stream()
                .map(CommandTree.Place::words)
                .filter(words -> !words.isEmpty())
                .map(CommandTree::quoted)
                .collect(Collectors.joining("|")))
        .replace(
            "@VALUES@",
            tree.withValue().stream().map(ZshCompletion::value).collect(Collectors.joining("\n")))
        .replace(
            "@PLACES@",
            tree.places().stream().map(ZshCompletion::place).collect(Collectors.joining("\n")));
  }

  private static String value(CommandTree.Choice choice) {
    String action =
        switch (choice.behind()) {
          case FILE -> "_files; ";
          case DIRECTORY -> "_files -/; ";
          case ONE_OF -> "compadd -- " + String.join(" ", choice.values()) + "; ";
          case NOTHING, ANY -> "";
        };
    return "    (" + String.join("|", choice.names()) + ") " + action + "return ;;";
  }

  private static String place(CommandTree.Place place) {
    return "    ("
        + CommandTree.quoted(place.words())
        + ")\n      next=("
        + place.next().entrySet().stream()
            .map(ZshCompletion::described)
            .collect(Collectors.joining(" "))
        + ")\n      options=("
        + place.options().stream()
            .map(choice -> described(Map.entry(choice.name(), choice.description())))
            .distinct()
            .collect(Collectors.joining(" "))
        + ") ;;";
  }

  private static String described(Map.Entry<String, String> word) {
    return CommandTree.quoted(
        word.getValue().isEmpty() ? word.getKey() : word.getKey() + ":" + word.getValue());
  }
}
