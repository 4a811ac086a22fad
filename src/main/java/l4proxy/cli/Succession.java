package l4proxy.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.HostPort;
import l4proxy.server.ServerConfig;
import l4proxy.server.Takeover;

/**
 * The beginning of {@code --takeover}: asks the other server, and says what cannot be promised.
 *
 * @param takeover that has begun; closed with this
 * @param config as given, with the ports that the other has where any would do
 */
record Succession(Takeover takeover, ServerConfig config) implements AutoCloseable {
  private static final Path MIGRATE = Path.of("/proc/sys/net/ipv4/tcp_migrate_req");

  /** Asks the server that has the state directory. */
  static Succession begin(Path stateDir, ServerConfig config, Events events)
      throws IOException, InterruptedException {
    if (!migrates()) {
      events.happened(
          new Event.Warned(
              "a user who connects in the moment in which a port is taken over may be refused:"
                  + " net.ipv4.tcp_migrate_req is not 1; 'sysctl -w net.ipv4.tcp_migrate_req=1'"
                  + " before --takeover keeps all of them"));
    }
    Takeover takeover = Takeover.of(stateDir, config.ctlAddr(), Version.text());
    events.happened(new Event.Noted("takes over " + takeover));
    Optional<HostPort> api = config.apiAddr().map(wanted -> api(wanted, takeover));
    return new Succession(
        takeover,
        new ServerConfig(
            new HostPort(config.ctlAddr().host(), takeover.controlPort()),
            config.host(),
            api,
            config.ports(),
            config.noAuth(),
            config.tlsOnly(),
            config.allowPrivate(),
            config.limits(),
            config.drain()));
  }

  private static HostPort api(HostPort wanted, Takeover takeover) {
    return takeover
        .api()
        .filter(other -> wanted.port() == 0 && wanted.host().equals(other.host()))
        .orElse(wanted);
  }

  /** Whether the kernel gives what waits at a listener that is closed to the one beside it. */
  private static boolean migrates() {
    try {
      return Files.readString(MIGRATE).trim().equals("1");
    } catch (IOException noSuchKernel) {
      return false;
    }
  }

  @Override
  public void close() {
    takeover.close();
  }
}
