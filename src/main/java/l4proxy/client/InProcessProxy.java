package l4proxy.client;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import l4proxy.http.Dialer;
import l4proxy.http.ForwardProxy;
import l4proxy.http.ProxyAccess;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.Lookups;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.Watch;

/**
 * The backend of a client that exposes an HTTP forward proxy: the proxy itself, in this process.
 *
 * <p>Each opening gets a connection to it over loopback, so that a tunnel serves it like any other
 * backend. The listener is announced to nobody and takes only the connections that {@link #connect}
 * makes: it knows them by their local port, and the user's address with it. Any thread may connect;
 * {@link #close()} ends all users and returns when their threads are gone.
 */
final class InProcessProxy implements AutoCloseable {
  private static final Duration CONNECTING = Duration.ofSeconds(5);
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private final ForwardProxy proxy;
  private final AcceptLoop loop;

  /** The users whose connections are under way, by local port. */
  private final Map<Integer, InetAddress> expected = new ConcurrentHashMap<>();

  /** Starts to listen. */
  InProcessProxy(ProxyAccess access, Watch watch) throws IOException {
    this.proxy = new ForwardProxy(access, new Dialer(new Lookups(), address -> true), watch);
    this.loop =
        new AcceptLoop(
            "forwarder", Sockets.listen(new InetSocketAddress(LOOPBACK, 0)), this::accepted);
  }

  /**
   * A connection to the proxy.
   *
   * @param user whom it is for, {@code ip:port} as the server has seen it
   */
  Socket connect(String user) throws IOException {
    InetAddress address = address(user);
    Socket socket = new Socket();
    boolean connected = false;
    try {
      Sockets.prepare(socket);
      socket.bind(new InetSocketAddress(LOOPBACK, 0));
      expected.put(socket.getLocalPort(), address);
      socket.connect(new InetSocketAddress(LOOPBACK, loop.port()), (int) CONNECTING.toMillis());
      connected = true;
      return socket;
    } finally {
      if (!connected) {
        expected.remove(socket.getLocalPort());
        Sockets.close(socket);
      }
    }
  }

  private static InetAddress address(String user) throws IOException {
    try {
      return InetAddress.ofLiteral(HostPort.parse(user, -1).host());
    } catch (IllegalArgumentException e) {
      throw new IOException("the server named no address of the user");
    }
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    InetAddress user =
        socket.getInetAddress().equals(LOOPBACK) ? expected.remove(socket.getPort()) : null;
    if (user == null) {
      Sockets.abort(socket);
      return;
    }
    try (Connection connection = new PlainConnection(socket).resetWhenLost()) {
      proxy.serve(connection, user, () -> {});
    }
  }

  /** Where it listens, for a test that comes uninvited. */
  int port() {
    return loop.port();
  }

  @Override
  public void close() {
    loop.close();
  }
}
