package l4proxy.server;

/** What a client's request to expose a service came to. */
sealed interface Outcome {
  /** The service can be reached, or will be as soon as its client has tunnels. */
  record Granted(Service service) implements Outcome {}

  /**
   * It is not.
   *
   * @param text why, and the remedy
   * @param lasting whether to ask again as it is would be in vain
   */
  record Denied(String text, boolean lasting) implements Outcome {}

  /** Somebody ended it for good. */
  record Over() implements Outcome {}
}
