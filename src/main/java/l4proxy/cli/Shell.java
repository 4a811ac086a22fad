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

  /**
   * Writes a result, at once.
   *
   * @throws FailedException when it is lost, since stdout does not take it
   */
  void print(String line) throws FailedException {
    print(line, "run this again with another");
  }

  /**
   * Writes a result, at once.
   *
   * @param remedy what to do when it is lost, for the message
   * @throws FailedException when it is lost, since stdout does not take it
   */
  void print(String line, String remedy) throws FailedException {
    if (!announce(line)) {
      throw new FailedException(
          "Stdout takes nothing more (its disk is full, or who read it is gone): " + remedy + ".");
    }
  }

  /** Writes a line, at once; whether stdout took it, and all before. */
  boolean announce(String line) {
    out.println(line);
    return !out.checkError();
  }

  /** Says something beside the result, on one line: a server's words may be in it. */
  void warn(String line) {
    err.println("l4proxy: " + line.replaceAll("[\\p{Cntrl}\\x80-\\x9f]", " "));
    err.flush();
  }
}
