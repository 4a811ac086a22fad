package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.util.Optional;
import l4proxy.auth.JoinKey;
import l4proxy.auth.StateException;
import l4proxy.net.HostPort;
import org.jspecify.annotations.Nullable;

/** The options of every command that talks to a server. */
final class ServerOptions {
  @Parameter(
      names = "--svr_addr",
      placeholder = "HOST[:PORT]",
      description = "the server's control port",
      defaultValueDescription = "127.0.0.1:2222",
      converter = AddressValues.ServerAddress.class,
      order = 1)
  private HostPort server = new HostPort("127.0.0.1", Values.CONTROL_PORT);

  @Parameter(
      names = "--join",
      placeholder = "KEY",
      description =
          "the key to prove oneself with, l4p1_...; better in the environment, where no process"
              + " list shows it",
      defaultValueDescription = "from the credentials file, else asked for",
      converter = Values.Join.class,
      order = 2)
  private @Nullable JoinKey join;

  /** The server's API, for this user. */
  ServerApi api(Shell shell) throws UsageException, FailedException, StateException {
    Access access = new Access(server, shell, shell::warn);
    return new ServerApi(server, access.trust(Optional.ofNullable(join), false, ""));
  }

  /**
   * A public address for this user: a server on every address that was given no --host is shown by
   * the name it was found by.
   *
   * @param address as the server names it
   * @return empty when it is none
   */
  Optional<String> shown(String address) {
    try {
      HostPort told = HostPort.parse(address, -1);
      return Optional.of(
          switch (told.host()) {
            case "", "0.0.0.0", "::" -> new HostPort(server.host(), told.port()).toString();
            default -> address;
          });
    } catch (IllegalArgumentException none) {
      return Optional.empty();
    }
  }

  HostPort server() {
    return server;
  }

  Optional<JoinKey> join() {
    return Optional.ofNullable(join);
  }
}
