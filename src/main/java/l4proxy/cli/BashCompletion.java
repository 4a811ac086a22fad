package l4proxy.cli;

import java.util.stream.Collectors;

/** Completion for bash 4 and later; bash-completion is not needed. */
final class BashCompletion {
  private static final String SCRIPT =
      """
      # Completion of l4proxy for bash, for ~/.bashrc: source <(l4proxy completion bash)
      _l4proxy() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
        local command= next= options= count=1
        COMPREPLY=()
        while ((count < COMP_CWORD)); do
          case "$command${command:+ }${COMP_WORDS[count]}" in
            @COMMANDS@)
              command+=${command:+ }${COMP_WORDS[count]} ;;
            *) break ;;
          esac
          ((count++))
        done
        if [[ $current == = ]]; then # --option=
          current=
        elif [[ $previous == = ]]; then # --option=value
          previous=${COMP_WORDS[COMP_CWORD - 2]}
        fi
        case "$previous" in
      @VALUES@
        esac
        case "$command" in
      @PLACES@
        esac
        if [[ $current == -* ]]; then
          [[ $current == --* ]] && current=${current//-/_} && current=--${current:2}
          COMPREPLY=($(compgen -W "$options" -- "$current"))
        elif ((count == COMP_CWORD)); then
          COMPREPLY=($(compgen -W "$next" -- "$current"))
        fi
      }
      _l4proxy_files() {
        local IFS=$'\\n'
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen "$1" -- "$2"))
      }
      complete -F _l4proxy l4proxy
      """;

  private BashCompletion() {}

  static String of(CommandTree tree) {
    return SCRIPT
        .replace("@COMMANDS@", commands(tree))
        .replace(
            "@VALUES@",
            tree.withValue().stream().map(BashCompletion::value).collect(Collectors.joining("\n")))
        .replace(
            "@PLACES@",
            tree.places().stream().map(BashCompletion::place).collect(Collectors.joining("\n")));
  }

  private static String commands(CommandTree tree) {
    return tree.places().stream()
        .map(CommandTree.Place::words)
        .filter(words -> !words.isEmpty())
        .map(CommandTree::quoted)
        .collect(Collectors.joining(" | "));
  }

  private static String value(CommandTree.Choice choice) {
    String action =
        switch (choice.behind()) {
          case FILE -> "_l4proxy_files -f \"$current\"; ";
          case DIRECTORY -> "_l4proxy_files -d \"$current\"; ";
          case ONE_OF ->
              "COMPREPLY=($(compgen -W '"
                  + String.join(" ", choice.values())
                  + "' -- \"$current\")); ";
          case NOTHING, ANY -> "";
        };
    return "    " + String.join(" | ", choice.names()) + ") " + action + "return ;;";
  }

  private static String place(CommandTree.Place place) {
    String options =
        place.options().stream()
            .map(CommandTree.Choice::name)
            .distinct()
            .collect(Collectors.joining(" "));
    return "    "
        + CommandTree.quoted(place.words())
        + ")\n      next='"
        + String.join(" ", place.next().keySet())
        + "'\n      options='"
        + options
        + "' ;;";
  }
}
