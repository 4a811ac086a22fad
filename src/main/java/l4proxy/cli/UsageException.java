package l4proxy.cli;

/** The command line, the environment or the configuration file is wrong: exit code 2. */
final class UsageException extends Exception {
  private static final long serialVersionUID = 1;

  /** One sentence: what was given, and what is expected; without secrets. */
  UsageException(String message) {
    super(message);
  }
}
