package l4proxy;

import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Tls;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.TlsConnection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;

/**
 * A client under the test's control, which knows the protocol and keeps to it only where the test
 * wants.
 */
public final class FakeClient implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final HostPort server;
  private final Connection control;
  private final String session;

  FakeClient(ProxyPair pair) throws IOException {
    this(pair, pair.joinKey());
  }

  FakeClient(ProxyPair pair, JoinKey key) throws IOException {
    this(pair.server().controlAddress(), key);
  }

  /** One of a server elsewhere. */
  public FakeClient(HostPort server, JoinKey key) throws IOException {
    this.server = server;
    this.control = dial();
    Messages.write(control.out(), new Message.Control(key.secret(), "fake", "127.0.0.1", id()));
    if (!(next() instanceof Message.Welcome welcome)) {
      throw new IOException("not welcome");
    }
    session = welcome.session();
  }

  /** What makes a connection a tunnel of this client's. */
  Message.TunnelHello hello(String ticket) {
    return new Message.TunnelHello(ticket, session);
  }

  static TlsConnection dial(HostPort server) throws IOException {
    PlainConnection plain =
        new PlainConnection(Sockets.connect(server.resolve(), Duration.ofSeconds(5)));
    plain.in().deadline(Duration.ofSeconds(10));
    SSLContext context = Tls.client(pin -> true);
    TlsConnection connection =
        new TlsConnection(plain, Tls.clientEngine(context, server.host(), server.port()));
    connection.handshake();
    return connection;
  }

  Connection dial() throws IOException {
    return dial(server);
  }

  /** Exposes a service on any port; returns the first request for tunnels. */
  Message.Tunnels expose(String name) throws IOException {
    return expose(exposure(name, 0));
  }

  /** The same, in the test's own words. */
  Message.Tunnels expose(Message.Expose asked) throws IOException {
    send(asked);
    return nextTunnels();
  }

  /** Sends bytes, whatever they say. */
  synchronized void sendRaw(byte[] bytes) throws IOException {
    control.out().write(bytes);
  }

  /** Says something; any thread may, since whoever reads answers heartbeats meanwhile. */
  synchronized void send(Message message) throws IOException {
    Messages.write(control.out(), message);
  }

  /** Exposes a service; returns the server's answer. */
  public Message exposeAt(String name, int port) throws IOException {
    send(exposure(name, port));
    return next();
  }

  private static Message.Expose exposure(String name, int port) {
    return new Message.Expose(0, name, "nowhere:1", id(), port, 0, false, null, 0, null);
  }

  static String id() {
    byte[] bits = Bytes.of(System.nanoTime(), 16);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
  }

  Message.Tunnels nextTunnels() throws IOException {
    while (true) {
      if (next() instanceof Message.Tunnels tunnels) {
        return tunnels;
      }
    }
  }

  /** The next message but heartbeats, which are answered. */
  Message next() throws IOException {
    control.in().deadline(PATIENCE);
    while (true) {
      Message message = Messages.read(control.in());
      if (message instanceof Message.Heartbeat beat) {
        send(new Message.HeartbeatAnswer(beat.nanos()));
      } else if (message != null && !(message instanceof Message.HeartbeatAnswer)) {
        return message;
      }
    }
  }

  @Override
  public void close() {
    control.close();
  }
}
