package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;
import l4proxy.net.AcceptLoop;

/**
 * The one port that clients, tunnels and browsers come to; {@link Newcomers} tells them apart.
 *
 * <p>Each connection has a virtual thread, which stays with it when it is a control connection or
 * HTTP, and ends when it is a tunnel: that waits in its pool then.
 */
final class ControlPort implements AutoCloseable {
  private final Newcomers newcomers;
  private final Sessions sessions;
  private final Arrivals arrivals;
  private final HttpDoor door;
  private final AcceptLoop loop;

  ControlPort(
      ServerSocket listener,
      Newcomers newcomers,
      Sessions sessions,
      Arrivals arrivals,
      HttpDoor door) {
    this.newcomers = newcomers;
    this.sessions = sessions;
    this.arrivals = arrivals;
    this.door = door;
    this.loop = new AcceptLoop("control:" + listener.getLocalPort(), listener, this::accepted);
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    Optional<Newcomers.Role> role = newcomers.meet(socket, Optional.of(door));
    if (role.isEmpty()) {
      return;
    }
    switch (role.get()) {
      case Newcomers.Role.Client client -> sessions.serve(client.connection(), client.hello());
      case Newcomers.Role.Carrier carrier -> arrivals.arrived(carrier, 0);
      case Newcomers.Role.Browser browser ->
          door.relay(browser.connection(), browser.first(), browser.place());
    }
  }

  /** Its listener. */
  AcceptLoop loop() {
    return loop;
  }

  /** Where it listens. */
  int port() {
    return loop.port();
  }

  @Override
  public void close() {
    loop.close();
  }
}
