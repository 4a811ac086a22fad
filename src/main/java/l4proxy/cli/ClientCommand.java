package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import l4proxy.api.Fields;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.events.Event;
import l4proxy.events.Events;
import org.jspecify.annotations.Nullable;

/** {@code l4proxy client}: exposes one backend, or the services of a file. */
final class ClientCommand implements Command {
  /** So long the service manager sees a client reload whose server does not answer. */
  private static final Duration ANSWERS = Duration.ofSeconds(10);

  private static final String CHECK = "--check_config";

  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @ParametersDelegate private final ServiceOptions service = new ServiceOptions();

  @ParametersDelegate private final ClientOptions client = new ClientOptions();

  @Parameter(
      names = "--config",
      placeholder = "FILE",
      description = "a JSON file, with several services if need be",
      converter = Values.File.class,
      order = 4)
  private @Nullable Path config; // Binding reads it before the fields are filled

  @Parameter(
      names = CHECK,
      description =
          "only says what it would do, a line for each service, and ends: 0 when that is right, 2"
              + " when it is not",
      converter = Values.Truth.class,
      arity = 1,
      order = 7)
  private boolean checkConfig;

  @Parameter(description = "[host] [port]")
  private List<String> arguments = new ArrayList<>();

  /** Options that stand for no field of the file's own: its services have them. */
  private final Set<String> ofServices = new Options(service).byName().keySet();

  private List<ServiceFields.Written> fromFile = List.of();

  private List<String> words = List.of();

  @Override
  public String field(Option option) {
    if (option.name().equals("--svr_addr")) {
      return "server";
    }
    return ofServices.contains(option.name()) || option.name().equals(CHECK) ? "" : option.field();
  }

  @Override
  public Set<String> ownFields() {
    return Set.of(ServiceFields.FIELD);
  }

  @Override
  public void take(Fields file, String source) throws UsageException {
    fromFile = ServiceFields.read(file, source);
  }

  @Override
  public void called(List<String> line) {
    words = List.copyOf(line);
  }

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException, InterruptedException {
    List<ServiceConfig> services = services();
    if (checkConfig) {
      for (String plan : plans()) {
        shell.print(plan);
      }
      return 0;
    }
    try (LiveLine live = LiveLine.on(shell)) {
      serve(shell, services, live);
    }
    return 0;
  }

  private void serve(Shell shell, List<ServiceConfig> services, LiveLine live)
      throws UsageException, FailedException, RefusedException, IOException, InterruptedException {
    Events events = live.above(Events.log("l4proxy.client"));
    Trust trust = client.trust(server, shell, events, " or, in the --config file, as \"join\"");
    ClientConfig told = new ClientConfig(server.server(), services, client.stateDir(shell));
    Stop stop = shell.stop().get();
    Announcements announced = new Announcements(live);
    announced.of(services);
    try (ServiceManager manager = ServiceManager.of(shell, events);
        ProxyClient proxy = new ProxyClient(told, trust, announced, events, Version.text())) {
      stop.onHangup(() -> manager.reloading(() -> reread(shell, proxy, announced, events)));
      live.show(proxy::progress);
      client.run(proxy, stop, manager);
    }
  }

  /** Reads the file again and goes over to its services; when it is wrong nothing changes. */
  private void reread(Shell shell, ProxyClient proxy, Announcements announced, Events events) {
    if (config == null) {
      events.happened(new Event.Noted("SIGHUP: there is no --config file to read again"));
      return;
    }
    try {
      ClientCommand again = new ClientCommand();
      new Binding(again, new Options(again)).fill(words, shell.environment());
      List<ServiceConfig> services = again.services();
      if (differs(again)) {
        events.happened(
            new Event.Warned(
                "what "
                    + config
                    + " changes beside its services counts from the next start of this client"));
      }
      announced.of(services);
      CountDownLatch answered = new CountDownLatch(1);
      proxy.reconfigure(
          services,
          refused -> {
            events.happened(outcome(refused));
            answered.countDown();
          });
      answered.await(ANSWERS.toMillis(), TimeUnit.MILLISECONDS); // else it is said later
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (UsageException | FailedException e) {
      events.happened(new Event.Warned("SIGHUP changes nothing: " + e.getMessage()));
    }
  }

  private Event outcome(List<String> refused) {
    return refused.isEmpty()
        ? new Event.Noted("SIGHUP: " + config + " is read again")
        : new Event.Warned(
            "SIGHUP: "
                + config
                + " does not count as a whole, since the server refused "
                + String.join(", ", refused)
                + ": change that, and send SIGHUP once more");
  }

  private boolean differs(ClientCommand other) {
    return !server.server().equals(other.server.server())
        || !server.join().equals(other.server.join())
        || client.differs(other.client);
  }

  /** What would be done, a line for each service. */
  private List<String> plans() throws UsageException {
    List<String> plans = new ArrayList<>();
    for (ServiceFields.Written each : written()) {
      ServiceConfig config = service.config(each.backend(), each.options());
      List<String> words = new ArrayList<>();
      words.add(config.name() + ": backend " + config.backend());
      words.add("server " + server.server());
      words.add(
          config.publicPort() == 0 ? "any public port" : "public port " + config.publicPort());
      words.addAll(service.unusual(each.options()));
      plans.add(String.join(", ", words));
    }
    return plans;
  }

  /** What to expose. */
  List<ServiceConfig> services() throws UsageException {
    List<ServiceConfig> services = new ArrayList<>();
    for (ServiceFields.Written each : written()) {
      services.add(service.config(each.backend(), each.options()));
    }
    ServicePorts.check(services);
    return services;
  }

  private List<ServiceFields.Written> written() throws UsageException {
    if (!fromFile.isEmpty() && !arguments.isEmpty()) {
      throw new UsageException(
          "The backend is given twice: as an argument and in the --config file's services; leave"
              + " one out.");
    }
    if (config != null && fromFile.isEmpty() && arguments.isEmpty()) {
      throw new UsageException(
          config
              + " has no service in it, and no argument names a backend: add \"services\", or give"
              + " host and port behind the options.");
    }
    if (arguments.size() == 1) {
      Commands.checkSlip("client", arguments.getFirst());
    }
    return fromFile.isEmpty()
        ? List.of(new ServiceFields.Written(Backend.parse(arguments), new ServiceOptions()))
        : fromFile;
  }
}
