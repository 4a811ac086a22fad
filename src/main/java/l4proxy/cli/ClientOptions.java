package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import l4proxy.auth.StateException;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.Trust;
import l4proxy.events.Event;
import l4proxy.events.Events;
import org.jspecify.annotations.Nullable;

/** The options of every command that runs a client, and how one is run. */
final class ClientOptions {
  @Parameter(
      names = "--no_auth",
      description =
          "for a server with --no_auth: needs no key, trusts the first server it meets at this"
              + " address, and no other there later",
      converter = Values.Truth.class,
      arity = 1,
      order = 3)
  private boolean noAuth;

  @Parameter(
      names = "--drain",
      placeholder = "TIME",
      description = "how long users may finish after SIGTERM",
      defaultValueDescription = "30s",
      converter = Values.Time.class,
      order = 5)
  private Duration drain = Duration.ofSeconds(30);

  @Parameter(
      names = "--state_dir",
      placeholder = "DIR",
      description = "where the client keeps what the server knows it by",
      defaultValueDescription =
          "/var/lib/l4proxy for root, else l4proxy in $XDG_STATE_HOME or ~/.local/state",
      converter = Values.File.class,
      order = 6)
  private @Nullable Path stateDir;

  Path stateDir(Shell shell) throws StateException {
    return stateDir == null ? Defaults.stateDir(shell) : stateDir;
  }

  /** Whether anything was given otherwise. */
  boolean differs(ClientOptions other) {
    return noAuth != other.noAuth
        || !drain.equals(other.drain)
        || !Objects.equals(stateDir, other.stateDir);
  }

  /**
   * How the client and the server know each other.
   *
   * @param events told when nothing can be kept for the next time
   * @param hint more places for a key, for the message that there is none
   */
  Trust trust(ServerOptions server, Shell shell, Events events, String hint)
      throws UsageException, FailedException, IOException {
    return new Access(server.server(), shell, text -> events.happened(new Event.Warned(text)))
        .trust(server.join(), noAuth, hint);
  }

  /** Runs a client to its end, which is asked for, or a refusal. */
  void run(ProxyClient proxy, Stop stop, ServiceManager manager)
      throws RefusedException, InterruptedException {
    Thread stopping =
        Thread.ofVirtual()
            .name("stop")
            .start(() -> {
              try {
                stop.await();
                manager.stopping();
                proxy.drain(drain);
              } catch (InterruptedException over) {
                Thread.currentThread().interrupt();
              }
            });
    manager.ready(() -> ProgressText.brief(proxy.progress()));
    try {
      proxy.run();
    } finally {
      stopping.interrupt();
    }
  }
}
