package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import l4proxy.client.Handling;
import l4proxy.client.HealthCheck;
import l4proxy.client.ProxyProtocol;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Sharing;
import l4proxy.net.HostPort;
import org.jspecify.annotations.Nullable;

/**
 * The options of a service: on the command line they are for all of a client's services, in its
 * file for one. What was not given is null.
 */
final class ServiceOptions {
  /** What a service is called that has no name. */
  static final String NAME = "unknown";

  /** Options that are told apart from the others, in words of their own. */
  private static final Set<String> OWN_WORDS = Set.of("--client_name", "--pub_port");

  @Parameter(
      names = "--pub_port",
      placeholder = "PORT",
      description = "the public port wanted on the server; 0 for any",
      defaultValueDescription = "0",
      converter = Values.AnyPort.class,
      order = 20)
  private @Nullable Integer pubPort;

  @Parameter(
      names = "--client_name",
      placeholder = "NAME",
      description = "what the service is called: 1 to 19 letters, digits, '-', '_' or '.'",
      defaultValueDescription = NAME,
      converter = Values.DisplayName.class,
      order = 21)
  private @Nullable String clientName;

  @Parameter(
      names = "--share_public_port",
      description = "shares the public port with other clients of the same key that do so too",
      converter = Values.Truth.class,
      arity = 1,
      order = 22)
  private @Nullable Boolean sharePublicPort;

  @Parameter(
      names = "--balance",
      placeholder = "RULE",
      description =
          "how users are given to the clients that share a port, the same for all of them:"
              + " least_conn, round_robin, random, source or first",
      defaultValueDescription = "least_conn",
      converter = ServiceValues.Balance.class,
      order = 23)
  private @Nullable String balance;

  @Parameter(
      names = "--weight",
      placeholder = "NUMBER",
      description = "this client's share of the users, against the others'",
      defaultValueDescription = "1",
      converter = ServiceValues.Weight.class,
      order = 24)
  private @Nullable Integer weight;

  @Parameter(
      names = "--priority",
      placeholder = "NUMBER",
      description = "with --balance first: the lowest has all users, the others stand by",
      defaultValueDescription = "0",
      converter = ServiceValues.Priority.class,
      order = 25)
  private @Nullable Integer priority;

  @Parameter(
      names = "--health",
      placeholder = "CHECK",
      description =
          "how the backend is found fit for users: tcp (it can be connected) or http:/path (it"
              + " answers with a status from 200 to 399)",
      converter = ServiceValues.Health.class,
      order = 26)
  private HealthCheck.@Nullable Kind health;

  @Parameter(
      names = "--health_interval",
      placeholder = "TIME",
      description =
          "how often --health looks; three bad results in a row take the backend out, two good ones"
              + " bring it back",
      defaultValueDescription = "2s",
      converter = ServiceValues.HealthInterval.class,
      order = 27)
  private @Nullable Duration healthInterval;

  @Parameter(
      names = "--proxy_protocol",
      placeholder = "VERSION",
      description =
          "tells the backend the user's address by the PROXY protocol, v1 or v2; the backend must"
              + " expect it",
      converter = ServiceValues.ProxyHeader.class,
      order = 28)
  private @Nullable ProxyProtocol proxyProtocol;

  @Parameter(
      names = "--limit_rate",
      placeholder = "BYTES",
      description =
          "bytes a second of all its users together, in each direction, such as 500k or 10M; 0 for"
              + " no bound",
      defaultValueDescription = "0",
      converter = Values.Rate.class,
      order = 29)
  private @Nullable BytesPerSecond limitRate;

  @Parameter(
      names = "--plain_tunnels",
      description =
          "leaves users' bytes unencrypted between client and server, for networks that are"
              + " trusted",
      converter = Values.Truth.class,
      arity = 1,
      order = 40)
  private @Nullable Boolean plainTunnels;

  @Parameter(
      names = "--int_port",
      placeholder = "PORT",
      description =
          "the server's port at which the service's tunnels arrive; 0 for any free one; several"
              + " clients of a key may have the same",
      defaultValueDescription = "the control port",
      converter = Values.AnyPort.class,
      order = 41)
  private @Nullable Integer intPort;

  @Parameter(
      names = "--backend_port",
      placeholder = "PORT",
      description =
          "the port at which the backend may answer at this client's own public address: while the"
              + " server reaches it there, that is the address told to users; 0 for none",
      defaultValueDescription = "0",
      converter = Values.PortOrNone.class,
      order = 42)
  private @Nullable Integer backendPort;

  /** The field of a service in the file that stands for an option. */
  static String field(Option option) {
    return switch (option.name()) {
      case "--client_name" -> "name";
      case "--pub_port" -> "publicPort";
      default -> option.field();
    };
  }

  /**
   * What they come to.
   *
   * @param backend of the service
   * @param below what counts where nothing was given here
   */
  ServiceConfig config(HostPort backend, ServiceOptions below) throws UsageException {
    return new ServiceConfig(
        first(clientName, below.clientName, NAME),
        backend,
        first(pubPort, below.pubPort, 0),
        first(plainTunnels, below.plainTunnels, false),
        Optional.ofNullable(intPort).or(() -> Optional.ofNullable(below.intPort)),
        first(backendPort, below.backendPort, 0),
        sharing(below),
        handling(below));
  }

  private Handling handling(ServiceOptions below) throws UsageException {
    HealthCheck.@Nullable Kind kind = health == null ? below.health : health;
    @Nullable Duration interval = healthInterval == null ? below.healthInterval : healthInterval;
    if (kind == null && interval != null) {
      throw new UsageException("--health_interval needs --health: give tcp or http:/path there.");
    }
    return new Handling(
        first(limitRate, below.limitRate, BytesPerSecond.NO_BOUND).number(),
        Optional.ofNullable(proxyProtocol == null ? below.proxyProtocol : proxyProtocol),
        kind == null
            ? Optional.empty()
            : Optional.of(new HealthCheck(kind, interval == null ? HealthCheck.USUAL : interval)));
  }

  /**
   * What is not as it would be anyway, as on the command line, but for name and public port.
   *
   * @param below what counts where nothing was given here
   */
  List<String> unusual(ServiceOptions below) {
    Map<String, Option> others = new Options(below).byName();
    List<String> unusual = new ArrayList<>();
    for (Option option : new Options(this).byName().values()) {
      Optional<String> value = option.value().or(() -> below(others, option));
      if (!OWN_WORDS.contains(option.name())
          && value.isPresent()
          && !value.get().equals(option.usual())) {
        unusual.add(option.flag() ? option.name() : option.name() + " " + value.get());
      }
    }
    return unusual;
  }

  private static Optional<String> below(Map<String, Option> others, Option option) {
    return Optional.ofNullable(others.get(option.name())).flatMap(Option::value);
  }

  private Optional<Sharing> sharing(ServiceOptions below) throws UsageException {
    if (first(sharePublicPort, below.sharePublicPort, false)) {
      return Optional.of(
          new Sharing(
              first(balance, below.balance, Sharing.USUAL),
              first(weight, below.weight, 1),
              first(priority, below.priority, 0)));
    }
    if (first(balance, below.balance, "").isEmpty()
        && first(weight, below.weight, 0) == 0
        && first(priority, below.priority, 0) == 0) {
      return Optional.empty();
    }
    throw new UsageException(
        "--balance, --weight and --priority are for a port that is shared: add"
            + " --share_public_port.");
  }

  private static <T> T first(@Nullable T here, @Nullable T below, T usual) {
    return here != null ? here : below != null ? below : usual;
  }
}
