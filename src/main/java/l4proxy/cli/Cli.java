package l4proxy.cli;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import l4proxy.client.RefusedException;

/**
 * Finds the command that is named, runs it, and turns what comes of it into an exit code: 0 done, 2
 * for what the person should have given otherwise, 1 for everything else, each with one sentence on
 * stderr.
 */
public final class Cli {
  private static final int DONE = 0;
  private static final int FAILED = 1;
  private static final int MISUSED = 2;

  private Cli() {}

  /**
   * Runs a command in this process's surroundings.
   *
   * @param words what stands behind {@code l4proxy} on the command line
   * @return the exit code
   */
  public static int main(String[] words) {
    if (words.length == 1 && words[0].equals("--version")) {
      System.out.println("l4proxy " + Version.text());
      if (!System.out.checkError()) {
        return DONE;
      } // else it is lost below too, which says so
    }
    try (Surroundings surroundings = new Surroundings()) {
      return run(Arrays.asList(words), surroundings.shell());
    }
  }

  /** Runs a command. */
  static int run(List<String> words, Shell shell) {
    try {
      return command(words, shell);
    } catch (UsageException e) {
      shell.warn(String.valueOf(e.getMessage()));
      return MISUSED;
    } catch (FailedException | RefusedException | IOException e) {
      shell.warn(sentence(e));
      return FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return FAILED;
    } catch (RuntimeException e) {
      StackTraceElement[] trace = e.getStackTrace();
      shell.warn(
          "A bug, please report it: "
              + e.getClass().getName()
              + (trace.length == 0 ? "" : " at " + trace[0])
              + ".");
      return FAILED;
    }
  }

  private static String sentence(Exception e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.getClass().getSimpleName() + "." : message;
  }

  private static int command(List<String> words, Shell shell)
      throws UsageException, FailedException, RefusedException, IOException, InterruptedException {
    if (words.isEmpty()) {
      throw new UsageException("A command is missing; 'l4proxy --help' lists them.");
    }
    switch (words.getFirst()) {
      case "-h", "--help" -> {
        shell.print(Help.commands().stripTrailing());
        return DONE;
      }
      case "--version" -> {
        shell.print("l4proxy " + Version.text());
        return DONE;
      }
      default -> {
        return named(words, shell);
      }
    }
  }

  private static int named(List<String> words, Shell shell)
      throws UsageException, FailedException, RefusedException, IOException, InterruptedException {
    if (Commands.isFirst(words.getFirst())
        && words.size() == 2
        && Arguments.HELP.contains(words.getLast())) {
      shell.print(Help.commands().stripTrailing());
      return DONE;
    }
    Commands.Entry entry = Commands.find(words);
    Command command = entry.create();
    Options options = new Options(command);
    int name = entry.name().split(" ").length;
    List<String> given = words.subList(name, words.size());
    command.called(given);
    if (!new Binding(command, options).fill(given, shell.environment())) {
      shell.print(Help.command(entry, command, options).stripTrailing());
      return DONE;
    }
    return command.run(shell);
  }
}
