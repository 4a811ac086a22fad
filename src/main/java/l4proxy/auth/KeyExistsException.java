package l4proxy.auth;

/** A key was to be created under a name that another key has. */
public final class KeyExistsException extends Exception {
  private static final long serialVersionUID = 1L;

  KeyExistsException(String name) {
    super(
        "There is a key named "
            + name
            + " already: choose another name, or revoke that key first.");
  }
}
