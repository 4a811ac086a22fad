package l4proxy.server;

import java.io.IOException;
import java.net.Socket;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import l4proxy.auth.Tls;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.http.OriginRequest;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.TlsConnection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import l4proxy.wire.ProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what a new connection is. The first byte tells TLS from an unencrypted tunnel, ALPN
 * tells the protocol from HTTP, the first message tells a control connection from a tunnel.
 *
 * <p>Until it has said what it is, a connection holds a place of {@link Handshakes} and has 5 s.
 * Any thread.
 */
final class Newcomers {
  private static final int TLS_HANDSHAKE = 0x16;

  /** What a newcomer turned out to be. */
  sealed interface Role {
    record Client(Connection connection, Message.Control hello) implements Role {}

    record Carrier(Connection connection, Message.TunnelHello hello) implements Role {}

    record Browser(Connection connection, OriginRequest first, HttpPlaces.Place place)
        implements Role {}
  }

  private final SSLContext tls;
  private final Handshakes handshakes;
  private final Events events;

  Newcomers(SSLContext tls, Handshakes handshakes, Events events) {
    this.tls = tls;
    this.handshakes = handshakes;
    this.events = events;
  }

  /**
   * Meets one, within the time it has; empty when it was sent away, or answered and done with.
   *
   * @param door for HTTP; absent where tunnels come and nothing else
   */
  Optional<Role> meet(Socket socket, Optional<HttpDoor> door)
      throws IOException, InterruptedException {
    try (var _ = handshakes.enter(socket)) {
      return meet(new PlainConnection(socket), door);
    } catch (IOException stranger) {
      String from = Sockets.text(new PlainConnection(socket).remote());
      events.happened(new Event.StrangerDropped(from, String.valueOf(stranger.getMessage())));
      Sockets.close(socket);
      return Optional.empty();
    }
  }

  private Optional<Role> meet(PlainConnection plain, Optional<HttpDoor> door)
      throws IOException, InterruptedException {
    plain.in().deadline(Handshakes.TIME);
    if (!plain.in().fill()) {
      throw new ProtocolException("it said nothing");
    }
    int first = plain.in().buffer()[plain.in().position()] & 0xff;
    if (first == TLS_HANDSHAKE) {
      return meetEncrypted(plain, door);
    }
    if (first != 0) { // the length of a message within bounds starts with a zero
      throw new ProtocolException("neither TLS nor an unencrypted tunnel");
    }
    if (Messages.read(plain.in()) instanceof Message.TunnelHello hello) {
      return Optional.of(new Role.Carrier(plain, hello));
    }
    throw new ProtocolException("only a tunnel may come without TLS");
  }

  private Optional<Role> meetEncrypted(PlainConnection plain, Optional<HttpDoor> door)
      throws IOException, InterruptedException {
    TlsConnection connection = new TlsConnection(plain, Tls.serverEngine(tls));
    try {
      connection.handshake();
    } catch (SSLException e) {
      throw new ProtocolException("TLS handshake failed: " + e.getMessage());
    }
    if (!connection.protocol().equals(Tls.PROTOCOL)) {
      return browser(connection, door);
    }
    @Nullable Message message = Messages.read(connection.in());
    return switch (message) {
      case Message.TunnelHello hello -> Optional.of(new Role.Carrier(connection, hello));
      case Message.Control hello when door.isPresent() ->
          Optional.of(new Role.Client(connection, hello));
      case Message.Http http -> browser(connection, door);
      case null, default -> throw new ProtocolException("a first message out of place");
    };
  }

  private static Optional<Role> browser(Connection connection, Optional<HttpDoor> door)
      throws IOException, InterruptedException {
    if (door.isEmpty()) {
      throw new ProtocolException("only tunnels may come to an internal port");
    }
    OriginRequest first = door.get().first(connection);
    return door.get()
        .enter(connection, first)
        .map(place -> new Role.Browser(connection, first, place));
  }
}
