package l4proxy.cli;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import l4proxy.auth.Credentials;
import l4proxy.auth.JoinKey;
import l4proxy.auth.StateException;
import l4proxy.client.Trust;
import l4proxy.net.HostPort;

/**
 * How this user and a server know each other: the key that was given, else what the credentials
 * file has for the server, else what the person at the terminal answers. What the server accepted
 * is kept in the credentials file, where it replaces nothing.
 *
 * <p>{@link #keep} may be called from any thread.
 */
final class Access {
  private final HostPort server;
  private final Shell shell;
  private final Consumer<String> warnings;
  private final AtomicBoolean kept = new AtomicBoolean();

  /**
   * Looks up nothing yet.
   *
   * @param server as the user names it
   * @param warnings told when nothing can be kept
   */
  Access(HostPort server, Shell shell, Consumer<String> warnings) {
    this.server = server;
    this.shell = shell;
    this.warnings = warnings;
  }

  /**
   * Finds out how to trust and prove.
   *
   * @param given the key of the command line, the environment or the configuration file
   * @param noAuth whether to do without a key when none is known
   * @param hint more places for a key, for the message that there is none
   */
  Trust trust(Optional<JoinKey> given, boolean noAuth, String hint)
      throws UsageException, FailedException, StateException {
    Optional<Credentials.Entry> entry =
        given.isPresent() ? Optional.empty() : credentials().find(server);
    Optional<JoinKey> key = given.or(() -> entry.flatMap(Credentials.Entry::key));
    if (key.isEmpty() && !noAuth) {
      key = Optional.of(asked(hint));
    }
    Credentials.Entry proof = key.map(Credentials.Entry::of).orElse(null);
    return new Trust(
        key,
        entry.flatMap(Credentials.Entry::pin),
        pin -> keep(proof == null ? Credentials.Entry.of(pin) : proof));
  }

  private JoinKey asked(String hint) throws UsageException, FailedException, StateException {
    Optional<String> answer = shell.ask().apply("Join key for " + server + ": ");
    if (answer.isEmpty()) {
      throw new FailedException(
          "There is no key for the server at "
              + server
              + ": give one with --join or L4PROXY_JOIN"
              + hint
              + ", have it in "
              + credentials().path()
              + " (the server's own user has it there, and a key once accepted is kept there), or"
              + " run this in a terminal, with its output not redirected, to be asked; on the"
              + " server, 'l4proxy key create NAME' makes one.");
    }
    try {
      return JoinKey.parse(answer.get());
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  /** Remembers what the server accepted, the first time. */
  private void keep(Credentials.Entry entry) {
    if (!kept.compareAndSet(false, true)) {
      return;
    }
    try {
      credentials().keep(server, entry);
    } catch (IOException e) {
      warnings.accept(
          "What " + server + " accepted is not kept for the next time: " + e.getMessage());
    }
  }

  private Credentials credentials() throws StateException {
    return new Credentials(Credentials.defaultPath(shell.environment()));
  }
}
