package l4proxy.client;

/** The server, or the client in view of the server, says no, and trying again is of no use. */
public final class RefusedException extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * A refusal.
   *
   * @param message cause and remedy, one sentence
   */
  public RefusedException(String message) {
    super(message);
  }
}
