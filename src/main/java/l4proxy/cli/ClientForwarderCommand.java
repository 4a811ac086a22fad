package l4proxy.cli;

import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.RefusedException;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.events.Events;
import l4proxy.http.ProxyAccess;
import l4proxy.net.HostPort;

/** {@code l4proxy client forwarder}: exposes an HTTP forward proxy into the client's network. */
final class ClientForwarderCommand implements Command {
  /** What the server shows as the backend. */
  private static final HostPort BACKEND = new HostPort("http_forwarder", 0);

  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @ParametersDelegate private final ClientOptions client = new ClientOptions();

  @ParametersDelegate private final ForwarderOptions forwarder = new ForwarderOptions();

  @ParametersDelegate private final ServiceOptions service = new ServiceOptions();

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException, InterruptedException {
    ProxyAccess access = forwarder.access();
    ServiceConfig exposed = service.config(BACKEND, new ServiceOptions());
    if (exposed.backendPort() != 0) {
      throw new UsageException(
          "--backend_port is for backends that users may reach directly; a forward proxy is reached"
              + " through the server only.");
    }
    if (exposed.handling().proxyProtocol().isPresent() || exposed.handling().health().isPresent()) {
      throw new UsageException(
          "--proxy_protocol and --health are for backends; a forward proxy knows its users and"
              + " needs no looking after.");
    }
    try (LiveLine live = LiveLine.on(shell)) {
      serve(shell, access, exposed, live);
    }
    return 0;
  }

  private void serve(Shell shell, ProxyAccess access, ServiceConfig exposed, LiveLine live)
      throws UsageException, FailedException, RefusedException, IOException, InterruptedException {
    Events events = live.above(Events.log("l4proxy.client"));
    Trust trust = client.trust(server, shell, events, "");
    ClientConfig config =
        new ClientConfig(
            server.server(), List.of(exposed), client.stateDir(shell), Optional.of(access));
    Stop stop = shell.stop().get();
    AtomicBoolean told = new AtomicBoolean();
    try (ServiceManager manager = ServiceManager.of(shell, events);
        ProxyClient proxy =
            new ProxyClient(
                config,
                trust,
                (which, address) -> {
                  live.print("PUBLIC ADDRESS: " + address);
                  if (told.compareAndSet(false, true)) {
                    access.login().ifPresent(login -> live.print("PROXY LOGIN: " + login.text()));
                  }
                },
                events,
                Version.text())) {
      live.show(proxy::progress);
      client.run(proxy, stop, manager);
    }
  }
}
