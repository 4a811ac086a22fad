package l4proxy.server;

/** A port cannot be had: somebody has it, or the server opens none of that number. */
public final class PortTakenException extends Exception {
  private static final long serialVersionUID = 1;

  PortTakenException(String message) {
    super(message);
  }
}
