package l4proxy.cli;

/** Says when the program is to end, and when it is to read its file again. */
interface Stop {
  /** Returns when the program is to end, at once when it was to end before. */
  void await() throws InterruptedException;

  /** The program is to end, whatever signals come. */
  void end();

  /**
   * Does something at each SIGHUP from now on, which ends the program otherwise; one at a time, on
   * a thread that may take its time.
   */
  void onHangup(Runnable action);
}
