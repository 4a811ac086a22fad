package l4proxy.cli;

import java.io.Console;
import java.security.Security;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * This process as a shell for one command: its environment, streams, terminal and signals, and the
 * settings of the JVM that are in force before anything is logged or looked up.
 */
final class Surroundings implements AutoCloseable {
  /** Time, level, text; a stack only for what is a bug. */
  private static final String LINE = "%1$tFT%1$tT.%1$tL%1$tz %4$s %5$s%6$s%n";

  private @Nullable Signals signals;

  Surroundings() {
    System.setProperty("java.util.logging.SimpleFormatter.format", LINE);
    // A name is looked up anew for each attempt: the server may have moved.
    Security.setProperty("networkaddress.cache.ttl", "0");
    Security.setProperty("networkaddress.cache.negative.ttl", "0");
  }

  Shell shell() {
    return new Shell(System.getenv(), System.out, System.err, Surroundings::ask, this::stop);
  }

  private Stop stop() {
    Signals listening = signals;
    if (listening == null) {
      listening = Signals.listen();
      signals = listening;
    }
    return listening;
  }

  private static Optional<String> ask(String question) {
    @Nullable Console console = System.console();
    if (console == null || !console.isTerminal()) {
      return Optional.empty();
    }
    char @Nullable [] answer = console.readPassword("%s", question);
    return answer == null || answer.length == 0
        ? Optional.empty()
        : Optional.of(new String(answer));
  }

  @Override
  public void close() {
    if (signals != null) {
      signals.close();
    }
  }
}
