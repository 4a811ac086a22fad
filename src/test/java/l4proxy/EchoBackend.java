package l4proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import l4proxy.net.AcceptLoop;
import l4proxy.net.HostPort;
import l4proxy.net.Sockets;

/**
 * A TCP service on loopback whose behaviour the test gives; by default it sends back what it gets.
 */
public final class EchoBackend implements AutoCloseable {
  /** What to do with one connection. */
  @FunctionalInterface
  public interface Service {
    /** Serves it; it is closed afterwards. */
    void serve(Socket socket) throws IOException, InterruptedException;
  }

  private final AcceptLoop loop;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();

  public EchoBackend() throws IOException {
    this(EchoBackend::echo);
  }

  public EchoBackend(Service service) throws IOException {
    this(service, 0);
  }

  /** One on a certain port, or on any for 0. */
  public EchoBackend(Service service, int port) throws IOException {
    this(service, listener(port));
  }

  /** One on a listener, which it closes. */
  public EchoBackend(Service service, ServerSocket listener) {
    loop =
        new AcceptLoop(
            "backend",
            listener,
            socket -> {
              open.add(socket);
              try (socket) {
                service.serve(socket);
              } finally {
                open.remove(socket);
              }
            });
  }

  /** A listener for a backend on a certain port, or on any for 0. */
  public static ServerSocket listener(int port) throws IOException {
    return Sockets.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** Sends back what it gets. */
  public static void echo(Socket socket) throws IOException {
    byte[] buffer = new byte[64 * 1024];
    for (int n = socket.getInputStream().read(buffer);
        n >= 0;
        n = socket.getInputStream().read(buffer)) {
      socket.getOutputStream().write(buffer, 0, n);
    }
    socket.shutdownOutput();
  }

  public HostPort address() {
    return new HostPort("127.0.0.1", loop.port());
  }

  public int port() {
    return loop.port();
  }

  /** Connections open now. */
  public int connections() {
    return open.size();
  }

  @Override
  public void close() {
    loop.close();
  }
}
