package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;
import l4proxy.auth.Key;
import l4proxy.net.AcceptLoop;

/**
 * A port at which tunnels arrive that are not to come to the control port, for services of one key;
 * whatever else comes there is sent away.
 */
final class InternalPort implements AutoCloseable {
  private final String key;
  private final Newcomers newcomers;
  private final Arrivals arrivals;
  private final int number;
  private final AcceptLoop loop;

  InternalPort(Key key, ServerSocket listener, Newcomers newcomers, Arrivals arrivals) {
    this.key = key.name();
    this.newcomers = newcomers;
    this.arrivals = arrivals;
    this.number = listener.getLocalPort();
    this.loop = new AcceptLoop("internal:" + number, listener, this::accepted);
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    if (newcomers.meet(socket, Optional.empty()).orElse(null)
        instanceof Newcomers.Role.Carrier carrier) {
      arrivals.arrived(carrier, number);
    }
  }

  /** Its listener. */
  AcceptLoop loop() {
    return loop;
  }

  boolean isOf(Key other) {
    return key.equals(other.name());
  }

  int number() {
    return number;
  }

  /** Takes no more tunnels; those that arrived go on. */
  @Override
  public void close() {
    loop.close();
  }
}
