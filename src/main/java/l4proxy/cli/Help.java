package l4proxy.cli;

import com.beust.jcommander.Parameter;

/** What {@code --help} prints. */
final class Help {
  private static final int WIDTH = 100;
  private static final int INDENT = 26;
  private static final String CONFIG = "--config";

  private Help() {}

  /** All commands, one sentence each. */
  static String commands() {
    StringBuilder text = new StringBuilder();
    text.append("Usage: l4proxy COMMAND [options] [arguments]\n\n");
    text.append(
        "Exposes a TCP service behind NAT or a firewall through a server on the internet.\n\n");
    text.append("Commands:\n");
    Commands.ALL.forEach(c -> row(text, c.name() + " " + c.arguments(), c.sentence()));
    text.append("\nOptions:\n");
    row(text, "-h, --help", "shows this; behind a command, its options");
    row(text, "--version", "shows the version");
    text.append(
        "\nExit code: 0 done, 1 failed, 2 unknown command or option, or a value out of range.\n");
    return text.toString();
  }

  /** One command and its options. */
  static String command(Commands.Entry entry, Command command, Options options) {
    StringBuilder text = new StringBuilder();
    text.append("Usage: l4proxy ").append(entry.name()).append(" [options]");
    text.append(entry.arguments().isEmpty() ? "" : " " + entry.arguments()).append("\n\n");
    wrap(text, entry.sentence() + " " + entry.more(), 0);
    boolean file = options.byName().containsKey(CONFIG);
    text.append("\nOptions, each with its variable in the environment");
    text.append(file ? ", its field in the --config file" : "").append(" and its default:\n");
    options.byName().values().forEach(option -> option(text, option, command, file));
    row(text, "-h, --help", "shows this");
    text.append('\n');
    wrap(
        text,
        "Dashes do for underscores, and --option=VALUE works too."
            + (file ? " A flag counts before the environment, that before the file." : ""),
        0);
    text.append(entry.example().isEmpty() ? "" : "\n" + entry.example());
    return text.toString();
  }

  private static void option(StringBuilder text, Option option, Command command, boolean file) {
    Parameter declared = option.declared().getParameterAnnotation();
    row(
        text,
        option.name() + (option.flag() ? "" : " " + declared.placeholder()),
        declared.description());
    StringBuilder notes = new StringBuilder();
    note(notes, command.inEnvironment(option) ? option.variable() : "");
    note(notes, file && !option.name().equals(CONFIG) ? command.field(option) : "");
    String value = option.usual();
    note(notes, value.isEmpty() ? "" : "default " + value);
    if (!notes.isEmpty()) {
      row(text, "", "[" + notes + "]");
    }
  }

  private static void note(StringBuilder notes, String note) {
    if (!note.isEmpty()) {
      notes.append(notes.isEmpty() ? "" : ", ").append(note);
    }
  }

  private static void row(StringBuilder text, String left, String right) {
    String start = "  " + left.strip();
    text.append(start);
    if (start.length() > INDENT - 2) {
      text.append('\n');
      start = "";
    }
    text.append(" ".repeat(INDENT - start.length()));
    wrap(text, right, INDENT);
  }

  /** Appends words, the first at the column where the text stands. */
  private static void wrap(StringBuilder text, String words, int column) {
    int used = column;
    boolean first = true;
    for (String word : words.strip().split(" ")) {
      if (!first && used + 1 + word.length() > WIDTH) {
        text.append('\n').append(" ".repeat(column));
        used = column;
        first = true;
      }
      text.append(first ? "" : " ").append(word);
      used += word.length() + (first ? 0 : 1);
      first = false;
    }
    text.append('\n');
  }
}
