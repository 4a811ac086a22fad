package l4proxy.cli;

import java.io.IOException;
import java.util.Optional;
import l4proxy.auth.Credentials;
import l4proxy.auth.FirstKeys;
import l4proxy.auth.Identity;
import l4proxy.auth.Keys;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.HostPort;
import l4proxy.server.ServerConfig;

/**
 * Tells the world of a server's keys while their secrets are known, which is only at its first
 * start: the default key goes to stdout in a command to paste, the admin key to the credentials
 * file of the user who started it.
 */
final class FirstStart {
  private final Shell shell;
  private final Events events;
  private final ServerConfig config;
  private final Identity identity;
  private final Optional<FirstKeys> keys;

  FirstStart(Shell shell, Events events, ServerConfig config, Identity identity, Keys keys) {
    this.shell = shell;
    this.events = events;
    this.config = config;
    this.identity = identity;
    this.keys = keys.created();
  }

  /**
   * Does so; on later starts there is at most the pin to be kept.
   *
   * @param control where the control port listens
   */
  void announce(HostPort control) {
    if (keys.isPresent()) {
      FirstKeys made = keys.get();
      keep(
          control,
          Credentials.Entry.of(made.adminKey())); // first: who waits for the line finds the key
      boolean known =
          shell.announce(
              "L4PROXY_JOIN="
                  + made.defaultKey().text()
                  + " l4proxy client --svr_addr "
                  + address(control));
      if (!known) {
        events.happened(
            new Event.Warned(
                "the command to join with could not be written to stdout, and nobody knows the key"
                    + " default in it: revoke it with 'l4proxy key revoke default', and make"
                    + " another with 'l4proxy key create NAME'"));
      }
    } else if (config.noAuth()) {
      keep(control, Credentials.Entry.of(identity.pin()));
    }
  }

  private String address(HostPort control) {
    String host = config.host().orElseGet(() -> OwnHost.of(control.host()));
    String text = new HostPort(host, control.port()).toString();
    String usual = ":" + Values.CONTROL_PORT;
    return text.endsWith(usual) ? text.substring(0, text.length() - usual.length()) : text;
  }

  private void keep(HostPort control, Credentials.Entry entry) {
    try {
      new Credentials(Credentials.defaultPath(shell.environment()))
          .replace(Credentials.ownAddresses(control), entry);
    } catch (IOException e) {
      events.happened(
          new Event.Warned(
              e.getMessage()
                  + (entry.key().isPresent()
                      ? " Commands on this machine have no key now; 'l4proxy key create NAME"
                          + " --admin --state_dir DIR' makes one while the server is stopped."
                      : "")));
    }
  }
}
