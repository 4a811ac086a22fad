package l4proxy;

import java.io.IOException;
import java.net.Socket;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.client.ProxyClient;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Sharing;
import l4proxy.net.HostPort;

/**
 * One of several clients on a public port, with a backend of its own that first says one letter,
 * its name, and then echoes.
 */
final class Member implements AutoCloseable {
  private final char name;
  private final AtomicInteger served = new AtomicInteger();
  private final BlockingQueue<HostPort> reachable = new LinkedBlockingQueue<>();
  private final ProxyPair pair;
  private EchoBackend backend;
  private ProxyClient client;
  private Thread running;

  Member(ProxyPair pair, char name) throws IOException {
    this.pair = pair;
    this.name = name;
    this.backend = new EchoBackend(this::serve);
  }

  private void serve(Socket socket) throws IOException {
    served.incrementAndGet();
    socket.getOutputStream().write(name);
    socket.getInputStream().transferTo(socket.getOutputStream());
    socket.shutdownOutput();
  }

  /** Joins a port and waits until it is its member. */
  Member join(int port, Sharing sharing) throws Exception {
    client =
        pair.newClient(
            "member-" + name,
            new ServiceConfig(
                String.valueOf(name),
                backend.address(),
                port,
                false,
                Optional.empty(),
                0,
                Optional.of(sharing)),
            reachable);
    running = ProxyPair.start(client);
    if (reachable.poll(10, TimeUnit.SECONDS) == null) {
      throw new AssertionError(name + " did not join: " + pair.events().all());
    }
    return this;
  }

  /** Nothing listens at the backend's address from now on. */
  void backendGoes() {
    backend.close();
  }

  /** The client goes, with all its users. */
  void leave() throws InterruptedException {
    client.close();
    running.join();
  }

  ProxyClient client() {
    return client;
  }

  /** How many connections its backend has had. */
  int served() {
    return served.get();
  }

  @Override
  public void close() throws InterruptedException {
    if (client != null) {
      leave();
    }
    backend.close();
  }
}
