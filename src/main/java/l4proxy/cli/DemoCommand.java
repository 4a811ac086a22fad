package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import l4proxy.api.ApiServer;
import l4proxy.auth.Identity;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.events.Events;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.server.Limits;
import l4proxy.server.ProxyServer;
import l4proxy.server.ServerConfig;
import l4proxy.server.ServerState;

/**
 * {@code l4proxy demo}: a server, a client and a backend in one process, with a state that is gone
 * afterwards.
 */
final class DemoCommand implements Command {
  private static final String PAGE = "Hello from the backend, through l4proxy.\n";
  private static final String HOST = "127.0.0.1";
  private static final int PATIENCE_SECONDS = 10;

  @Parameter(
      names = "--once",
      description = "fetches the page through the public port itself, checks it, and ends",
      converter = Values.Truth.class,
      arity = 1,
      order = 1)
  private boolean once;

  @Override
  public int run(Shell shell)
      throws FailedException, RefusedException, IOException, InterruptedException {
    Stop stop = shell.stop().get();
    Path directory = directory(shell);
    try (StateDirectory state = StateDirectory.open(directory);
        SampleBackend backend = new SampleBackend(PAGE)) {
      server(shell, state, backend.address(), stop);
    } finally {
      remove(directory);
    }
    return 0;
  }

  private static Path directory(Shell shell) throws FailedException {
    String temporary =
        shell.environment().getOrDefault("TMPDIR", System.getProperty("java.io.tmpdir", "/tmp"));
    try {
      return Files.createTempDirectory(Path.of(temporary), "l4proxy-demo");
    } catch (IOException e) {
      throw new FailedException(
          "Cannot make a directory in "
              + temporary
              + ": set TMPDIR to one that is there and can be written.");
    }
  }

  private void server(Shell shell, StateDirectory state, HostPort backend, Stop stop)
      throws FailedException, RefusedException, IOException, InterruptedException {
    ServerConfig config =
        new ServerConfig(
            new HostPort(HOST, 0),
            Optional.of(HOST),
            Optional.empty(),
            PortRanges.parse("1024-65535"),
            false,
            false,
            false,
            Limits.NONE,
            Duration.ZERO);
    Identity identity = Identity.open(state);
    Keys keys = Keys.open(state, identity.pin());
    JoinKey key = keys.created().orElseThrow().defaultKey();
    try (ServerEvents told = new ServerEvents(events("l4proxy.server"), Optional.empty());
        ProxyServer proxy =
            new ProxyServer(
                config,
                new ServerState(state, identity, keys, Optional.empty()),
                told.events(),
                Version.text());
        ApiServer api = told.api(proxy)) {
      proxy.start(api.address());
      ClientConfig client =
          new ClientConfig(
              proxy.controlAddress(), List.of(ServiceConfig.of("demo", backend, 0)), state.path());
      client(shell, client, new Trust(Optional.of(key), Optional.empty(), pin -> {}), stop);
    }
  }

  private void client(Shell shell, ClientConfig config, Trust trust, Stop stop)
      throws FailedException, RefusedException, IOException, InterruptedException {
    BlockingQueue<HostPort> reachable = new ArrayBlockingQueue<>(1);
    try (ProxyClient client =
        new ProxyClient(
            config,
            trust,
            (service, address) -> reachable.offer(address),
            events("l4proxy.client"),
            Version.text())) {
      Thread running = Thread.ofVirtual().name("client").start(() -> run(client));
      HostPort address = reachable.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (address == null) {
        throw new FailedException(
            "The client was not reachable within " + PATIENCE_SECONDS + " s.");
      }
      HostPort backend = config.services().getFirst().backend();
      if (once) {
        check(shell, address, backend);
      } else {
        explain(shell, config.server(), address, backend);
        stop.await();
      }
      client.drain(Duration.ZERO);
      running.join();
    }
  }

  private static void run(ProxyClient client) {
    try {
      client.run();
    } catch (RefusedException e) {
      System.getLogger("l4proxy.demo")
          .log(System.Logger.Level.WARNING, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void explain(Shell shell, HostPort server, HostPort address, HostPort backend)
      throws FailedException {
    shell.print("A server listens on " + server + ", for clients.");
    shell.print(
        "A client has connected to it and exposes a backend, a web server on " + backend + ".");
    shell.print(
        "Its public address is "
            + address
            + ": what comes there goes through a tunnel to the backend.");
    shell.print("");
    shell.print("Try it:  curl http://" + address + "/");
    shell.print("Ctrl-C ends it, and nothing is left behind.");
  }

  private static void check(Shell shell, HostPort address, HostPort backend)
      throws FailedException, IOException {
    String seen = fetch(address);
    if (!seen.equals(PAGE)) {
      throw new FailedException(
          "http://" + address + "/ did not show the page of the backend on " + backend + ".");
    }
    shell.print(
        "http://" + address + "/ shows the page of the backend on " + backend + ": it works.");
  }

  private static String fetch(HostPort address) throws IOException {
    HttpURLConnection http =
        (HttpURLConnection)
            URI.create("http://" + address + "/").toURL().openConnection(Proxy.NO_PROXY);
    http.setConnectTimeout(PATIENCE_SECONDS * 1000);
    http.setReadTimeout(PATIENCE_SECONDS * 1000);
    try (InputStream in = http.getInputStream()) {
      return new String(in.readNBytes(2 * PAGE.length()), StandardCharsets.UTF_8);
    } finally {
      http.disconnect();
    }
  }

  /** Checking itself, it says one line and no more. */
  private Events events(String logger) {
    return once ? event -> {} : Events.log(logger);
  }

  private static void remove(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
