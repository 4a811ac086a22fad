package l4proxy.cli;

import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import l4proxy.auth.Credentials;
import l4proxy.auth.WholeFile;
import org.jspecify.annotations.Nullable;

/**
 * The browser of the person at the terminal. The link has a secret in it, which no process list may
 * show: so the browser is given a page of this user's own that leads on to it.
 */
final class Browser {
  private final Shell shell;

  Browser(Shell shell) {
    this.shell = shell;
  }

  /** Opens a link, where there is a person at a terminal and a way to do so. */
  void open(String link) throws IOException {
    @Nullable Console console = System.console();
    if (console != null && console.isTerminal()) {
      Optional<Path> opener = opener(shell.environment().getOrDefault("PATH", ""));
      if (opener.isPresent()) {
        open(opener.get(), link);
      }
    }
  }

  /** The program that opens files in this desktop's way. */
  static Optional<Path> opener(String path) {
    return Stream.of("xdg-open", "open")
        .flatMap(name ->
            Stream.of(path.split(File.pathSeparator, -1))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Has that program open the link, and does not wait for it. */
  void open(Path opener, String link) throws IOException {
    Path page = Credentials.defaultPath(shell.environment()).resolveSibling("dashboard.html");
    new WholeFile(page)
        .write(
            "<!doctype html><meta http-equiv=\"refresh\" content=\"0;url="
                + link
                + "\"><title>l4proxy</title>\n");
    try {
      new ProcessBuilder(opener.toString(), page.toString())
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
    } catch (IOException e) {
      shell.warn("The browser does not open (" + e.getMessage() + "); open the link yourself.");
    }
  }
}
