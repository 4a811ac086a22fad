package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The manual page, made of the commands themselves, in the macros of man(7) that groff, mandoc and
 * others know.
 */
final class ManPage {
  private static final String HEAD =
      """
      .TH L4PROXY 1 "" "l4proxy @VERSION@" "User Commands"
      .SH NAME
      l4proxy \\- reach a TCP service behind NAT or a firewall
      .SH SYNOPSIS
      .B l4proxy
      .I COMMAND
      .RI [ options ]
      .RI [ arguments ]
      .SH DESCRIPTION
      A server runs where the internet can reach it.
      A client runs next to a backend, a TCP service, and keeps a connection to the server.
      When a user connects to the backend's public address on the server, the server relays the user through the client.
      .PP
      Options are also read from the environment, as
      .B L4PROXY_
      and the option's name in capitals, and, where a command has
      .BR \\-\\-config ,
      from that file, as JSON.
      A flag counts before the environment, that before the file.
      Never taken from the environment, where the server's variable of that name means something else:
      .B \\-\\-allow
      of server forwarder,
      .B \\-\\-ports
      of key create,
      .B \\-\\-state_dir
      of all key commands.
      Dashes may stand for the underscores of an option.
      .SH OPTIONS
      .TP
      .BR \\-h ", " \\-\\-help
      shows the commands; behind a command, its options
      .TP
      .B \\-\\-version
      shows the version
      .SH COMMANDS
      """;

  private static final String FOOT =
      """
      .SH EXIT STATUS
      0: done.
      2: no command, an unknown option or field, a value that cannot be parsed.
      1: everything else.
      .SH FILES
      .TP
      .I /var/lib/l4proxy
      State of a server or client that root runs; of others,
      .IR $XDG_STATE_HOME/l4proxy .
      .TP
      .I $XDG_CONFIG_HOME/l4proxy/credentials.json
      Keys that servers have accepted.
      .TP
      .I /etc/l4proxy
      Where the units
      .B l4proxy\\-server.service
      and
      .B l4proxy\\-client@.service
      find options and files.
      .SH ENVIRONMENT
      .TP
      .B NO_COLOR
      Not empty: no colours on a terminal.
      .TP
      .B NOTIFY_SOCKET
      Where a server or client tells its service manager how it gets on, by
      .BR systemd\\-notify (1).
      .SH SEE ALSO
      .BR ssh (1),
      .BR systemctl (1)
      """;

  private ManPage() {}

  /** All of it. */
  static String text() {
    return HEAD.replace("@VERSION@", escaped(Version.text()))
        + Commands.ALL.stream().map(ManPage::command).collect(Collectors.joining())
        + FOOT;
  }

  private static String command(Commands.Entry entry) {
    StringBuilder text = new StringBuilder();
    text.append(".SS \"l4proxy ").append(escaped(entry.name()));
    if (!entry.arguments().isEmpty()) {
      text.append(' ').append(escaped(entry.arguments()));
    }
    text.append("\"\n").append(paragraph(entry.sentence()));
    if (!entry.more().isEmpty()) {
      text.append(".PP\n").append(paragraph(entry.more()));
    }
    if (!entry.example().isEmpty()) {
      text.append(".PP\n.nf\n").append(lines(entry.example())).append(".fi\n");
    }
    new Options(entry.create()).byName().values().forEach(each -> text.append(option(each)));
    return text.toString();
  }

  private static String option(Option option) {
    Parameter declared = option.declared().getParameterAnnotation();
    String names =
        Stream.of(declared.names()).map(ManPage::escaped).collect(Collectors.joining(", "));
    StringBuilder text = new StringBuilder(".TP\n\\fB").append(names).append("\\fR");
    if (!declared.placeholder().isEmpty()) {
      text.append(" \\fI").append(escaped(declared.placeholder())).append("\\fR");
    }
    boolean usual = !option.usual().isEmpty() && !option.flag();
    String standard = usual ? " (default: " + option.usual() + ")" : "";
    text.append('\n').append(paragraph(declared.description() + standard));
    return text.toString();
  }

  private static String paragraph(String words) {
    return line(words.strip()) + "\n";
  }

  private static String lines(String example) {
    return example.lines().map(each -> line(each) + "\n").collect(Collectors.joining());
  }

  /** A line that begins with a dot or an apostrophe would be a request. */
  private static String line(String text) {
    String escaped = escaped(text);
    return escaped.startsWith(".") || escaped.startsWith("'") ? "\\&" + escaped : escaped;
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e")
        .replace("-", "\\-")
        .replace("\"", "\\(dq")
        .replace("'", "\\(aq")
        .replace("~", "\\(ti")
        .replace("^", "\\(ha")
        .replace("`", "\\(ga");
  }
}
