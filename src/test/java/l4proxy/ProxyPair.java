package l4proxy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import l4proxy.api.ApiServer;
import l4proxy.api.EventFeed;
import l4proxy.auth.Identity;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.events.Counters;
import l4proxy.events.Events;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.server.Limits;
import l4proxy.server.ProxyServer;
import l4proxy.server.ServerConfig;
import l4proxy.server.ServerState;

/**
 * A server and a client in this process, on loopback and ports of their own, over state in a
 * directory of the test's.
 */
public final class ProxyPair implements AutoCloseable {
  private static final Path IDENTITY =
      Path.of(
          System.getProperty("java.io.tmpdir"), "l4proxy-test-" + ProcessHandle.current().pid());
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Path directory;
  private final StateDirectory state;
  private final ServerState serverState;
  private final JoinKey joinKey;
  private final ProxyServer server;
  private final ProxyClient client;
  private final Thread clientThread;
  private final BlockingQueue<HostPort> addresses = new LinkedBlockingQueue<>();
  private final RecordedEvents events = new RecordedEvents();
  private final Counters counters = new Counters();
  private final EventFeed feed = new EventFeed();

  public ProxyPair(Path directory, HostPort backend) throws IOException, InterruptedException {
    this(directory, backend, false);
  }

  public ProxyPair(Path directory, HostPort backend, boolean plainTunnels)
      throws IOException, InterruptedException {
    this(
        directory,
        new ServiceConfig("echo", backend, 0, plainTunnels, Optional.empty(), 0, Optional.empty()),
        Limits.NONE);
  }

  public ProxyPair(Path directory, ServiceConfig service, Limits limits)
      throws IOException, InterruptedException {
    this.directory = directory;
    Identity identity;
    synchronized (IDENTITY) { // made once: that takes half a second
      Path own = Files.createDirectories(directory.resolve("server")).resolve("identity.pem");
      if (Files.exists(IDENTITY)) {
        Files.copy(IDENTITY, own);
      }
      this.state = StateDirectory.open(directory.resolve("server"));
      identity = Identity.open(state);
      if (!Files.exists(IDENTITY)) {
        Files.copy(own, IDENTITY);
        IDENTITY.toFile().deleteOnExit();
      }
    }
    Keys keys = Keys.open(state, identity.pin());
    this.serverState = new ServerState(state, identity, keys, Optional.empty());
    this.joinKey = keys.created().orElseThrow().defaultKey();
    this.server =
        new ProxyServer(config(limits), serverState, Events.all(events, counters, feed), "test");
    server.start(new InetSocketAddress("127.0.0.1", 9));
    this.client = newClient("client", service, addresses);
    this.clientThread = start(client);
    nextAddress();
  }

  private static ServerConfig config(Limits limits) {
    return new ServerConfig(
        new HostPort("127.0.0.1", 0),
        Optional.of("127.0.0.1"),
        Optional.empty(),
        PortRanges.parse("10000-32000"),
        false,
        false,
        true,
        limits,
        Duration.ofSeconds(30));
  }

  /** One more client of the same key, with state of its own, not started yet. */
  public ProxyClient newClient(
      String name, ServiceConfig service, BlockingQueue<HostPort> reachable) throws IOException {
    Path clientState = Files.createDirectories(directory.resolve(name));
    return new ProxyClient(
        new ClientConfig(server.controlAddress(), List.of(service), clientState),
        new Trust(Optional.of(joinKey), Optional.empty(), pin -> {}),
        (which, address) -> reachable.add(address),
        events,
        "test");
  }

  /** Runs a client on a thread. */
  public static Thread start(ProxyClient client) {
    return Thread.ofVirtual()
        .name("client")
        .start(() -> {
          try {
            client.run();
          } catch (RefusedException e) {
            throw new IllegalStateException(e);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private HostPort last = new HostPort("127.0.0.1", 1);

  /** Waits until the client says where its service is. */
  public HostPort nextAddress() throws InterruptedException {
    HostPort next = addresses.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (next == null) {
      throw new IllegalStateException("the client was not connected in time: " + events.all());
    }
    last = next;
    return next;
  }

  /** A user: connected to the public port, with a read time-out. */
  public Socket user() throws IOException {
    Socket socket = new Socket("127.0.0.1", last.port());
    socket.setSoTimeout(20_000);
    socket.setTcpNoDelay(true);
    return socket;
  }

  public int publicPort() {
    return last.port();
  }

  public ProxyServer server() {
    return server;
  }

  public ProxyClient client() {
    return client;
  }

  public JoinKey joinKey() {
    return joinKey;
  }

  public Keys keys() {
    return serverState.keys();
  }

  /** The server's API, on a port of its own. */
  public ApiServer api() throws IOException {
    return new ApiServer(server, counters, feed);
  }

  public JoinKey adminKey() {
    return serverState.keys().created().orElseThrow().adminKey();
  }

  public RecordedEvents events() {
    return events;
  }

  @Override
  public void close() {
    client.close();
    try {
      clientThread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.close();
    state.close();
  }
}
