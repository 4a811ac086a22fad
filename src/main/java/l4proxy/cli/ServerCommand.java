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
import l4proxy.auth.StateDirectory;
import l4proxy.auth.WebCertificate;
import l4proxy.events.Events;
import l4proxy.events.LogFile;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.server.ServerConfig;
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
          new RunningServer(shell, told, stop, Optional.of(other.takeover()))
              .run(other.config(), directory, web);
        }
      } else {
        try (StateDirectory directory = StateDirectory.open(path)) {
          new RunningServer(shell, told, stop, Optional.empty()).run(config, directory, web);
        }
      }
    }
    return 0;
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
