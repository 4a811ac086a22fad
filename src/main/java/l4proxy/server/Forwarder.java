package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.http.ForwardProxy;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;

/**
 * An HTTP forward proxy on a public port of the server's. {@link #close()} ends its users and
 * returns when their threads are gone.
 */
final class Forwarder implements AutoCloseable {
  private final String name;
  private final String displayName;
  private final ForwardProxy proxy;
  private final AcceptLoop loop;
  private final AtomicInteger users = new AtomicInteger();

  /** Starts to accept users. */
  Forwarder(String name, String displayName, ServerSocket listener, ForwardProxy proxy) {
    this.name = name;
    this.displayName = displayName;
    this.proxy = proxy;
    this.loop = new AcceptLoop("forwarder:" + listener.getLocalPort(), listener, this::accepted);
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    users.incrementAndGet();
    try (Connection user = new PlainConnection(socket).resetWhenLost()) {
      proxy.serve(user, user.remote().getAddress());
    } finally {
      users.decrementAndGet();
    }
  }

  /** Takes no new users. */
  void stop() {
    loop.stop();
  }

  int users() {
    return users.get();
  }

  int port() {
    return loop.port();
  }

  String name() {
    return name;
  }

  String displayName() {
    return displayName;
  }

  @Override
  public void close() {
    loop.close();
  }
}
