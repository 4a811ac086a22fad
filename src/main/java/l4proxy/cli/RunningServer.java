package l4proxy.cli;

import java.io.IOException;
import java.util.Optional;
import l4proxy.api.ApiServer;
import l4proxy.auth.Identity;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.auth.WebCertificate;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.server.Load;
import l4proxy.server.ProxyServer;
import l4proxy.server.ServerConfig;
import l4proxy.server.ServerState;
import l4proxy.server.Takeover;

/**
 * A server process, from the state directory that it has to the end of its last user.
 *
 * @param shell what it prints to
 * @param told who hears what happens
 * @param stop when it is to stop
 * @param takeover of the server that it replaces, if it does
 */
record RunningServer(Shell shell, ServerEvents told, Stop stop, Optional<Takeover> takeover) {
  /** Serves until it is to stop or is taken over, and lets the users there are finish. */
  void run(ServerConfig config, StateDirectory directory, Optional<WebCertificate> web)
      throws IOException, InterruptedException {
    Events events = told.events();
    ServerState state = state(directory, web);
    ServiceManager manager = ServiceManager.of(shell, events);
    stop.onHangup(() ->
        manager.reloading(() ->
            events.happened(new Event.Noted("SIGHUP: the server has no file to read again here"))));
    FirstStart first = new FirstStart(shell, events, config, state.identity(), state.keys());
    if (config.ctlAddr().port() != 0) {
      first.announce(config.ctlAddr());
    }
    if (config.noAuth()) {
      events.happened(
          new Event.Warned(
              "--no_auth: whoever reaches the control port can open public ports here, without a"
                  + " key"));
    }
    try (manager;
        ProxyServer proxy = new ProxyServer(config, state, events, Version.text(), takeover);
        ApiServer api = told.api(proxy)) {
      proxy.start(api.address());
      if (config.ctlAddr().port() == 0) {
        first.announce(proxy.controlAddress());
      }
      events.happened(
          new Event.Noted("ready; l4proxy " + Version.text() + ", state in " + state.directory()));
      proxy.onTakenOver(stop::end);
      manager.ready(() -> status(proxy.view().load()));
      stop.await();
      leave(config, proxy, api, manager);
    }
  }

  private static ServerState state(StateDirectory directory, Optional<WebCertificate> web)
      throws IOException {
    Identity identity = Identity.open(directory);
    return new ServerState(directory, identity, Keys.open(directory, identity.pin()), web);
  }

  private static String status(Load load) {
    return "%d clients, %d services, %s"
        .formatted(load.clients(), load.services(), ProgressText.users(load.users()));
  }

  private void leave(ServerConfig config, ProxyServer proxy, ApiServer api, ServiceManager manager)
      throws IOException, InterruptedException {
    proxy.successor().ifPresentOrElse(manager::succeededBy, manager::stopping);
    told.events()
        .happened(
            new Event.Noted("stopping; users have " + config.drain().toSeconds() + " s to finish"));
    if (proxy.isTakenOver()) {
      api.close(); // whoever watches goes on at the other
    }
    proxy.drain(config.drain());
  }
}
