package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;
import l4proxy.http.OriginRequest;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;

/** Where the API is reached without TLS; each connection has a virtual thread. */
final class ApiPort implements AutoCloseable {
  private final Handshakes handshakes;
  private final HttpDoor door;
  private final AcceptLoop loop;

  ApiPort(ServerSocket listener, Handshakes handshakes, HttpDoor door) {
    this.handshakes = handshakes;
    this.door = door;
    this.loop = new AcceptLoop("api", listener, this::accepted);
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    Connection connection = new PlainConnection(socket);
    OriginRequest first;
    Optional<HttpPlaces.Place> place;
    try (var _ = handshakes.enter(socket)) {
      connection.in().deadline(Handshakes.TIME);
      first = door.first(connection);
      place = door.enter(connection, first);
    }
    if (place.isPresent()) {
      door.relay(connection, first, place.get());
    }
  }

  /** Its listener. */
  AcceptLoop loop() {
    return loop;
  }

  @Override
  public void close() {
    loop.close();
  }
}
