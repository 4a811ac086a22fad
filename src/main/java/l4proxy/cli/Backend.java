package l4proxy.cli;

import java.util.List;
import l4proxy.net.HostPort;

/** The arguments {@code [host] [port]}. */
final class Backend {
  static final String HOST = "127.0.0.1";
  static final int PORT = 22;

  private Backend() {}

  /** Reads them; what is missing is 127.0.0.1 and 22. */
  static HostPort parse(List<String> arguments) throws UsageException {
    if (arguments.size() > 2) {
      throw new UsageException(
          "Expected at most a host and a port, but "
              + Text.quoted(arguments.get(2))
              + " follows them.");
    }
    String host = arguments.isEmpty() ? HOST : arguments.getFirst();
    String port = arguments.size() < 2 ? String.valueOf(PORT) : arguments.getLast();
    if (!port.matches("[0-9]{1,5}")
        || Integer.parseInt(port) < 1
        || Integer.parseInt(port) > 65535) {
      throw new UsageException("port: " + Text.quoted(port) + " is not a port from 1 to 65535.");
    }
    try {
      return new HostPort(new AddressValues.Host("").parse(host), Integer.parseInt(port));
    } catch (IllegalArgumentException e) {
      if (arguments.size() == 1 && host.matches(".*:[0-9]{1,5}|[0-9]{1,5}")) {
        throw new UsageException(
            "A backend's host and port are two words, such as 127.0.0.1 8000, and not "
                + Text.quoted(host)
                + ".");
      }
      throw new UsageException("host: " + e.getMessage());
    }
  }
}
