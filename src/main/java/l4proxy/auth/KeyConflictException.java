package l4proxy.auth;

/** A key cannot be made beside those that there are; the message says what to do. */
public final class KeyConflictException extends Exception {
  private static final long serialVersionUID = 1L;

  private KeyConflictException(String message) {
    super(message);
  }

  /** Another key has its name. */
  static KeyConflictException exists(String name) {
    return new KeyConflictException(
        "There is a key named "
            + name
            + " already: choose another name, or revoke that key first.");
  }

  /** There are as many as a server holds. */
  static KeyConflictException full() {
    return new KeyConflictException(
        "There are "
            + Keys.MAX_KEYS
            + " keys already, and more are not allowed: revoke one first.");
  }
}
