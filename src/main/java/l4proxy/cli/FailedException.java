package l4proxy.cli;

/** A command could not do what it was asked to: exit code 1. */
final class FailedException extends Exception {
  private static final long serialVersionUID = 1;

  /** One sentence: cause and remedy; without secrets. */
  FailedException(String message) {
    super(message);
  }
}
