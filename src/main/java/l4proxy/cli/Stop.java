package l4proxy.cli;

/** Says when the program is to end. */
@FunctionalInterface
interface Stop {
  /** Returns when the program is to end, at once when it was to end before. */
  void await() throws InterruptedException;
}
