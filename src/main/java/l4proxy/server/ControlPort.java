package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import l4proxy.auth.Tls;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.TlsConnection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import l4proxy.wire.ProtocolException;
import org.jspecify.annotations.Nullable;

/**
 * The one port that clients, tunnels and browsers come to. The first byte tells TLS from an
 * unencrypted tunnel, ALPN tells the protocol from HTTP, the first message tells a control
 * connection from a tunnel.
 *
 * <p>Each connection has a virtual thread, which stays with it when it is a control connection or
 * HTTP, and ends when it is a tunnel: that waits in its pool then. Until it has said what it is, a
 * connection holds a place of {@link Handshakes} and has 5 s.
 */
final class ControlPort implements AutoCloseable {
  private static final int TLS_HANDSHAKE = 0x16;

  /** What a newcomer turned out to be. */
  private sealed interface Role {
    record Client(Connection connection, Message.Control hello) implements Role {}

    record Carrier(Connection connection, Message.TunnelHello hello) implements Role {}

    record Browser(Connection connection, byte[] head) implements Role {}
  }

  private final SSLContext tls;
  private final Sessions sessions;
  private final HttpDoor door;
  private final Handshakes handshakes;
  private final Events events;
  private final AcceptLoop loop;

  ControlPort(
      ServerSocket listener,
      SSLContext tls,
      Sessions sessions,
      HttpDoor door,
      Handshakes handshakes,
      Events events) {
    this.tls = tls;
    this.sessions = sessions;
    this.door = door;
    this.handshakes = handshakes;
    this.events = events;
    this.loop = new AcceptLoop("control:" + listener.getLocalPort(), listener, this::accepted);
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    Role role;
    try (var _ = handshakes.enter(socket)) {
      role = meet(new PlainConnection(socket));
      if (role instanceof Role.Browser browser && !door.proven(browser.head())) {
        door.answerOnce(browser.connection(), browser.head());
        return;
      }
    } catch (IOException stranger) {
      String from = Sockets.text(new PlainConnection(socket).remote());
      events.happened(new Event.StrangerDropped(from, String.valueOf(stranger.getMessage())));
      Sockets.close(socket);
      return;
    }
    switch (role) {
      case Role.Client client -> sessions.serve(client.connection(), client.hello());
      case Role.Carrier carrier -> sessions.arrived(carrier.connection(), carrier.hello());
      case Role.Browser browser -> door.relay(browser.connection(), browser.head());
    }
  }

  /** Finds out what a newcomer is, within the time it has. */
  private Role meet(PlainConnection plain) throws IOException {
    plain.in().deadline(Handshakes.TIME);
    if (!plain.in().fill()) {
      throw new ProtocolException("it said nothing");
    }
    int first = plain.in().buffer()[plain.in().position()] & 0xff;
    if (first == TLS_HANDSHAKE) {
      return meetEncrypted(plain);
    }
    if (first != 0) { // the length of a message within bounds starts with a zero
      throw new ProtocolException("neither TLS nor an unencrypted tunnel");
    }
    if (Messages.read(plain.in()) instanceof Message.TunnelHello hello) {
      return new Role.Carrier(plain, hello);
    }
    throw new ProtocolException("only a tunnel may come without TLS");
  }

  private Role meetEncrypted(PlainConnection plain) throws IOException {
    TlsConnection connection = new TlsConnection(plain, Tls.serverEngine(tls));
    try {
      connection.handshake();
    } catch (SSLException e) {
      throw new ProtocolException("TLS handshake failed: " + e.getMessage());
    }
    if (!connection.protocol().equals(Tls.PROTOCOL)) {
      return new Role.Browser(connection, door.head(connection.in()));
    }
    @Nullable Message message = Messages.read(connection.in());
    return switch (message) {
      case Message.Control hello -> new Role.Client(connection, hello);
      case Message.TunnelHello hello -> new Role.Carrier(connection, hello);
      case Message.Http http -> new Role.Browser(connection, door.head(connection.in()));
      case null, default -> throw new ProtocolException("a first message out of place");
    };
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
