package l4proxy.cli;

import java.io.PrintStream;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a command finds around it.
 *
 * @param environment the environment variables
 * @param out where results go, each flushed at once
 * @param err where everything else goes
 * @param ask asks the person at the terminal for a secret; empty when there is nobody, or no answer
 * @param stop listens for signals from now on
 */
record Shell(
    Map<String, String> environment,
    PrintStream out,
    PrintStream err,
    Function<String, Optional<String>> ask,
    Supplier<Stop> stop) {

  /** Writes a result, at once. */
  void print(String line) {
    out.println(line);
    out.flush();
  }

  /** Says something beside the result, on one line: a server's words may be in it. */
  void warn(String line) {
    err.println("l4proxy: " + line.replaceAll("[\\p{Cntrl}\\x80-\\x9f]", " "));
    err.flush();
  }
}
