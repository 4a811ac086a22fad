package l4proxy.cli;

import java.util.List;
import java.util.Optional;

/** Which commands there are. A command's class is loaded only when it is made. */
final class Commands {
  /** Words of the longest name. */
  private static final int LONGEST = 3;

  /** In the order in which help shows them. */
  static final List<Entry> ALL =
      List.of(
          new Entry(
              "server",
              "",
              "Takes users on public ports and relays them to the clients that asked for these.",
              "The first start makes two keys: one for commands on this machine, kept in the user's"
                  + " credentials file, and one to join with, printed once as a command to paste."),
          new Entry(
              "server forwarder",
              "",
              "Has a server run an HTTP forward proxy, which dials out from there.",
              "Needs an admin key. Prints PUBLIC ADDRESS: HOST:PORT, then PROXY LOGIN:"
                  + " NAME:PASSWORD, unless its users need none, and ends; the proxy stays until it"
                  + " is closed, or the server stops. It connects to addresses of the internet"
                  + " only, unless the server was started with --allow_private."),
          new Entry("server forwarder list", "", "Lists the forward proxies of a server.", ""),
          new Entry(
              "server forwarder close",
              "NAME",
              "Closes a forward proxy of a server, and ends its users.",
              "NAME is the one that 'server forwarder list' shows first."),
          new Entry(
              "client",
              "[host=127.0.0.1] [port=22]",
              "Exposes a backend, or the several of a --config file, through a server.",
              "Prints PUBLIC ADDRESS: HOST:PORT when users can come, and again when that changes;"
                  + " with several services, their names behind. Options of a service count for all"
                  + " in the file.",
              """
              A file for --config, where a service's fields may be left out like options:
                {
                  "server": "example.org:2222",
                  "services": [
                    {"name": "ssh", "host": "127.0.0.1", "port": 22, "publicPort": 2200},
                    {"name": "web", "host": "10.0.0.7", "port": 80, "plainTunnels": true}
                  ]
                }
              """),
          new Entry(
              "client list",
              "",
              "Lists what clients expose through a server.",
              "An admin key sees all clients, another key its own."),
          new Entry(
              "client list user",
              "",
              "Lists the users of a client, with bytes a second over the last 5 s.",
              "With -o json the ids are shown too, which 'client close user' takes."),
          new Entry(
              "client close",
              "NAME",
              "Ends what a client exposes, and its users.",
              "NAME is the one that 'client list' shows first. The client does not expose it again,"
                  + " and ends when it has nothing else."),
          new Entry(
              "client close user",
              "NAME ID",
              "Ends one user's connection.",
              "The ID is among what 'client list user -o json' shows."),
          new Entry(
              "client forwarder",
              "",
              "Exposes an HTTP forward proxy through a server, into the network of this machine.",
              "Prints PUBLIC ADDRESS: HOST:PORT when users can come, then PROXY LOGIN:"
                  + " NAME:PASSWORD, unless they need none; a login that is made up lasts as long"
                  + " as this process."),
          new Entry(
              "lan",
              "[host=127.0.0.1] [port=22]",
              "Forwards a port of this machine to a backend, without a server.",
              ""),
          new Entry(
              "redirect",
              "",
              "Sends browsers on to where a client is now, path and query kept.",
              "Answers every request with 303; with 404 while no client has the display name, with"
                  + " 503 while none that has it is connected. Of several, the one connected"
                  + " longest counts."),
          new Entry(
              "key create",
              "NAME",
              "Makes a join key and prints it.",
              "It is shown this once; the server keeps only its digest."),
          new Entry("key list", "", "Lists the server's keys.", ""),
          new Entry(
              "key revoke", "NAME", "Revokes a key, and ends at once what its clients expose.", ""),
          new Entry(
              "check",
              "[host=127.0.0.1] [port=22]",
              "Diagnoses this machine, a server and a backend, step by step.",
              "Prints a line for each step: ok, FAIL with what to do, warn, skip where a step"
                  + " before failed, and -- where nothing can be known. Takes no port and changes"
                  + " nothing. Exit code 0 when nothing failed, else 1."),
          new Entry(
              "dashboard",
              "",
              "Prints a link to the server's dashboard, and opens it in a browser.",
              "The link logs in with this user's key, once and within 60 s. It is opened where"
                  + " stdout is a terminal and there is xdg-open, or open. Where the API's own port"
                  + " is not on this machine, it leads to the control port, whose certificate the"
                  + " browser asks about unless the server has --tls_cert."),
          new Entry(
              "demo",
              "",
              "Shows it all on this machine: a server, a client and a sample backend in one"
                  + " process.",
              ""),
          new Entry(
              "health",
              "",
              "Asks the server of this container whether it is alive.",
              "For HEALTHCHECK: exit code 0 when the API answers, else 1; 0 in a container that"
                  + " runs something else than a server."),
          new Entry("man", "", "Prints the manual page, for man(1).", ""),
          new Entry(
              "completion",
              CompletionCommand.SHELLS,
              "Prints a script by which a shell completes command lines of l4proxy.",
              "For bash in ~/.bashrc: source <(l4proxy completion bash)"));

  /**
   * A command as help shows it.
   *
   * @param name one word to three
   * @param arguments what stands behind the options
   * @param sentence what it does
   * @param more said only in its own help
   * @param example shown below the options
   */
  record Entry(String name, String arguments, String sentence, String more, String example) {
    Entry(String name, String arguments, String sentence, String more) {
      this(name, arguments, sentence, more, "");
    }

    /** A new command of this kind. */
    Command create() {
      return switch (name) {
        case "server" -> new ServerCommand();
        case "server forwarder" -> new ServerForwarderCommand();
        case "server forwarder list" -> new ServerForwarderListCommand();
        case "server forwarder close" -> new ServerForwarderCloseCommand();
        case "client" -> new ClientCommand();
        case "client list" -> new ClientListCommand();
        case "client list user" -> new ClientListUserCommand();
        case "client close" -> new ClientCloseCommand();
        case "client close user" -> new ClientCloseUserCommand();
        case "client forwarder" -> new ClientForwarderCommand();
        case "lan" -> new LanCommand();
        case "redirect" -> new RedirectCommand();
        case "key create" -> new KeyCreateCommand();
        case "key list" -> new KeyListCommand();
        case "key revoke" -> new KeyRevokeCommand();
        case "check" -> new CheckCommand();
        case "dashboard" -> new DashboardCommand();
        case "demo" -> new DemoCommand();
        case "health" -> new HealthCommand();
        case "man" -> new ManCommand();
        case "completion" -> new CompletionCommand();
        default -> throw new IllegalStateException("no class for the command " + name);
      };
    }
  }

  private Commands() {}

  /** Whether a word is only the first of several that make a command. */
  static boolean isFirst(String word) {
    return named(word).isEmpty() && ALL.stream().anyMatch(e -> e.name().startsWith(word + " "));
  }

  private static Optional<Entry> named(String name) {
    return ALL.stream().filter(each -> each.name().equals(name)).findFirst();
  }

  /** The command that the words start with; the longest name counts. */
  static Entry find(List<String> words) throws UsageException {
    for (int count = Math.min(LONGEST, words.size()); count > 0; count--) {
      Optional<Entry> found = named(String.join(" ", words.subList(0, count)));
      if (found.isPresent()) {
        return found.get();
      }
    }
    throw unknown(words);
  }

  /** A word that is nearly a command's is no host that somebody wants to expose. */
  static void checkSlip(String first, String word) throws UsageException {
    List<String> seconds =
        ALL.stream()
            .map(Entry::name)
            .filter(name -> name.startsWith(first + " "))
            .map(name -> name.split(" ", -1)[1])
            .toList();
    Optional<String> meant = Nearest.slip(word, seconds);
    if (meant.isPresent()) {
      throw new UsageException(
          "There is no command %s %s; did you mean %s %s? To expose a host of that name give its port too."
              .formatted(first, word, first, meant.get()));
    }
  }

  private static UsageException unknown(List<String> words) {
    String first = words.getFirst();
    String both = words.size() > 1 ? first + " " + words.get(1) : first;
    List<String> names = ALL.stream().map(Entry::name).toList();
    if (isFirst(first)) {
      return new UsageException(
          "The command "
              + first
              + " is one of: "
              + String.join(", ", names.stream().filter(n -> n.startsWith(first + " ")).toList())
              + ".");
    }
    String single = Nearest.hint(first, names);
    String hint = single.isEmpty() ? Nearest.hint(both, names) : single;
    return new UsageException(
        "There is no command "
            + Text.bare(first)
            + (hint.isEmpty() ? "; 'l4proxy --help' lists them." : hint));
  }
}
