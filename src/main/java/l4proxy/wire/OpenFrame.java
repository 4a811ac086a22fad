package l4proxy.wire;

/**
 * What OPEN says.
 *
 * @param number of this opening on its tunnel, counting from 1
 * @param service which of the client's services, by the number it exposed it with
 * @param user the user's address, {@code ip:port}
 * @param address where the user arrived, {@code ip:port}
 */
public record OpenFrame(int number, int service, String user, String address) {
  /** Before the first. */
  static final OpenFrame NONE = new OpenFrame(1, 0, "", "");

  /** Checks what came from the other side. */
  public OpenFrame {
    Checks.range("number", number, 1, Integer.MAX_VALUE);
    Checks.range("service", service, 0, Integer.MAX_VALUE);
    Checks.text("user", user, 64);
    Checks.text("address", address, 64);
  }
}
