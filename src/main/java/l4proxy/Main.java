package l4proxy;

import l4proxy.cli.Cli;

/** Where the program starts. */
public final class Main {
  private Main() {}

  /**
   * Runs the command that is named, and exits with its code.
   *
   * @param words what stands behind {@code l4proxy} on the command line
   */
  public static void main(String[] words) {
    System.exit(Cli.main(words));
  }
}
