package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import l4proxy.api.ApiServer;
import l4proxy.auth.Identity;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.auth.WebCertificate;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.events.LogFile;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.server.Load;
import l4proxy.server.ProxyServer;
import l4proxy.server.ServerConfig;
import l4proxy.server.ServerState;
import l4proxy.server.Takeover;
import org.jspecify.annotations.Nullable;

/**
 * {@code l4proxy server}. Whatever can fail is tried before the state directory is touched, so that
 * the first start, the only one that knows the keys' secrets, is not lost to a port that is taken.
 */
final class ServerCommand implements Command {
  @Parameter(
      names = "--ctl_addr",
      placeholder = "[HOST]:PORT",
      description = "where clients connect, and on which host public ports are opened",
      defaultValueDescription = ":2222, every address",
      converter = AddressValues.ControlAddress.class,
      order = 1)
  private HostPort ctlAddr = new HostPort("", Values.CONTROL_PORT);

  @Parameter(
      names = "--host",
      placeholder = "NAME",
      description = "the host shown in public addresses",
      defaultValueDescription = "what each client dialled",
      converter = AddressValues.Host.class,
      order = 2)
  private @Nullable String host;

  @Parameter(
      names = "--api_addr",
      placeholder = "HOST:PORT",
      description =
          "where the API listens without TLS, beside the control port; port 0: any; none: not at"
              + " all",
      defaultValueDescription = "127.0.0.1:2223",
      converter = AddressValues.ApiAddress.class,
      order = 3)
  private Optional<HostPort> apiAddr = Optional.of(HostPort.parse("127.0.0.1:2223", -1));

  @Parameter(
      names = "--api_insecure",
      description = "lets --api_addr be other than loopback, where keys travel unencrypted",
      converter = Values.Truth.class,
      arity = 1,
      order = 4)
  private boolean apiInsecure;

  @Parameter(
      names = "--ports",
      placeholder = "PORTS",
      description = "public ports that clients may ask for, such as 80,2200-2299",
      defaultValueDescription = "1024-65535",
      converter = Values.Ports.class,
      order = 5)
  private PortRanges ports = PortRanges.parse("1024-65535");

  @Parameter(
      names = "--state_dir",
      placeholder = "DIR",
      description = "where the server's identity, keys and leases are kept",
      defaultValueDescription =
          "/var/lib/l4proxy for root, else l4proxy in $XDG_STATE_HOME or ~/.local/state",
      converter = Values.File.class,
      order = 6)
  private @Nullable Path stateDir;

  @Parameter(
      names = "--tls_cert",
      placeholder = "FILE",
      description = "PEM certificates shown to browsers and other HTTP; clients never see them",
      defaultValueDescription = "self-signed",
      converter = Values.File.class,
      order = 7)
  private @Nullable Path tlsCert;

  @Parameter(
      names = "--tls_key",
      placeholder = "FILE",
      description = "the PEM key of --tls_cert",
      converter = Values.File.class,
      order = 8)
  private @Nullable Path tlsKey;

  @Parameter(
      names = "--no_auth",
      description = "clients need no key; the API still does",
      converter = Values.Truth.class,
      arity = 1,
      order = 9)
  private boolean noAuth;

  @Parameter(
      names = "--tls_only",
      description = "refuses clients that want --plain_tunnels",
      converter = Values.Truth.class,
      arity = 1,
      order = 10)
  private boolean tlsOnly;

  @Parameter(
      names = "--allow_private",
      description =
          "lets forward proxies that this server runs connect to private addresses and its own",
      converter = Values.Truth.class,
      arity = 1,
      order = 11)
  private boolean allowPrivate;

  @Parameter(
      names = "--drain",
      placeholder = "TIME",
      description = "how long users may finish after SIGTERM",
      defaultValueDescription = "30s",
      converter = Values.Time.class,
      order = 12)
  private Duration drain = Duration.ofSeconds(30);

  @Parameter(
      names = "--access_log",
      placeholder = "FILE",
      description = "where a line of JSON goes for each user whose connection is over; -: stdout",
      converter = Values.File.class,
      order = 13)
  private @Nullable Path accessLog;

  @Parameter(
      names = "--config",
      placeholder = "FILE",
      description = "a JSON file with a field for each option",
      converter = Values.File.class,
      order = 14)
  @SuppressWarnings("unused") // Binding reads the file before the fields are filled
  private @Nullable Path config;

  @Parameter(
      names = "--takeover",
      description =
          "replaces the server that runs with the same --state_dir: no user is refused, and those"
              + " it has may finish there within its --drain",
      converter = Values.Truth.class,
      arity = 1,
      order = 15)
  private boolean takeover;

  @ParametersDelegate private final LimitOptions limits = new LimitOptions();

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, IOException, InterruptedException {
    ServerConfig config = config();
    Optional<WebCertificate> web = web();
    if (!takeover) {
      check(config.ctlAddr(), "--ctl_addr");
      if (config.apiAddr().isPresent()) {
        check(config.apiAddr().get(), "--api_addr");
      }
    }
    Optional<LogFile> lines = Optional.empty();
    if (accessLog != null) {
      lines = Optional.of(ServerEvents.open(accessLog, shell));
    }
    Stop stop = shell.stop().get();
    Path path = stateDir == null ? Defaults.stateDir(shell) : stateDir;
    try (ServerEvents told = new ServerEvents(Events.log("l4proxy.server"), lines)) {
      if (takeover) {
        try (Succession other = Succession.begin(path, config, told.events());
            StateDirectory directory = StateDirectory.beside(path)) {
          serve(
              new Running(shell, told, stop, Optional.of(other.takeover())),
              other.config(),
              state(directory, web));
        }
      } else {
        try (StateDirectory directory = StateDirectory.open(path)) {
          serve(new Running(shell, told, stop, Optional.empty()), config, state(directory, web));
        }
      }
    }
    return 0;
  }

  private static ServerState state(StateDirectory directory, Optional<WebCertificate> web)
      throws IOException {
    Identity identity = Identity.open(directory);
    return new ServerState(directory, identity, Keys.open(directory, identity.pin()), web);
  }

  /** What a server runs in. */
  private record Running(Shell shell, ServerEvents told, Stop stop, Optional<Takeover> takeover) {}

  private static void serve(Running running, ServerConfig config, ServerState state)
      throws IOException, InterruptedException {
    Events events = running.told().events();
    Stop stop = running.stop();
    ServiceManager manager = ServiceManager.of(running.shell(), events);
    stop.onHangup(() ->
        manager.reloading(() ->
            events.happened(new Event.Noted("SIGHUP: the server has no file to read again here"))));
    FirstStart first =
        new FirstStart(running.shell(), events, config, state.identity(), state.keys());
    if (config.ctlAddr().port() != 0) {
      first.announce(config.ctlAddr());
    }
    if (config.noAuth()) {
      events.happened(
          new Event.Warned(
              "--no_auth: whoever reaches the control port can open public ports here, without a"
                  + " key"));
    }
    try (manager;
        ProxyServer proxy =
            new ProxyServer(config, state, events, Version.text(), running.takeover());
        ApiServer api = running.told().api(proxy)) {
      proxy.start(api.address());
      if (config.ctlAddr().port() == 0) {
        first.announce(proxy.controlAddress());
      }
      events.happened(
          new Event.Noted("ready; l4proxy " + Version.text() + ", state in " + state.directory()));
      proxy.onTakenOver(stop::end);
      if (running.takeover().isPresent()) {
        manager.succeed();
      }
      manager.ready(() -> status(proxy.view().load()));
      stop.await();
      if (proxy.isTakenOver()) {
        manager.close(); // the other one reports
      } else {
        manager.stopping();
      }
      events.happened(
          new Event.Noted("stopping; users have " + config.drain().toSeconds() + " s to finish"));
      if (proxy.isTakenOver()) {
        api.close(); // whoever watches goes on at the other
      }
      proxy.drain(config.drain());
    }
  }

  private static String status(Load load) {
    return "%d clients, %d services, %s"
        .formatted(load.clients(), load.services(), ProgressText.users(load.users()));
  }

  /** What the options come to. */
  ServerConfig config() throws UsageException {
    if (apiAddr.isPresent() && !apiInsecure && !isLoopback(apiAddr.get())) {
      throw new UsageException(
          "--api_addr: "
              + apiAddr.get()
              + " is not a loopback address, and keys would travel unencrypted: use 127.0.0.1 or"
              + " none, since the control port serves the API too, or add --api_insecure.");
    }
    return new ServerConfig(
        ctlAddr,
        Optional.ofNullable(host),
        apiAddr,
        ports,
        noAuth,
        tlsOnly,
        allowPrivate,
        limits.limits(),
        drain);
  }

  private static boolean isLoopback(HostPort address) {
    try {
      return !address.host().isEmpty() && InetAddress.getByName(address.host()).isLoopbackAddress();
    } catch (UnknownHostException unknown) {
      return false;
    }
  }

  private Optional<WebCertificate> web() throws UsageException, IOException {
    if (tlsCert == null && tlsKey == null) {
      return Optional.empty();
    }
    if (tlsCert == null || tlsKey == null) {
      throw new UsageException("--tls_cert and --tls_key need each other: give both or none.");
    }
    return Optional.of(WebCertificate.open(tlsCert, tlsKey));
  }

  /** Whether an address is free; nobody can connect to it meanwhile. */
  private static void check(HostPort address, String option) throws FailedException {
    try (Socket probe = new Socket()) {
      probe.setReuseAddress(true);
      probe.bind(address.resolve());
    } catch (UnknownHostException e) {
      throw new FailedException(
          option + ": there is no address for " + address.host() + "; name one of this machine's.");
    } catch (IOException e) {
      throw new FailedException(
          "Cannot listen on "
              + address
              + " ("
              + e.getMessage()
              + "): stop what uses it, or choose another with "
              + option
              + ".");
    }
  }
}
