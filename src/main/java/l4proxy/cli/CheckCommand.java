package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.util.ArrayList;
import java.util.List;
import l4proxy.net.HostPort;

/** {@code l4proxy check}: finds out why a client, or its users, cannot get through. */
final class CheckCommand implements Command {
  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @Parameter(
      names = "--pub_port",
      placeholder = "PORT",
      description = "the public port that a client is to ask for; 0 for any",
      defaultValueDescription = "0",
      converter = Values.AnyPort.class,
      order = 20)
  private int pubPort;

  @Parameter(description = "[host] [port]")
  private List<String> arguments = new ArrayList<>();

  @Override
  public int run(Shell shell) throws UsageException, FailedException {
    HostPort backend = Backend.parse(arguments);
    ServerChecks checks = new ServerChecks(server, shell);
    Diagnosis diagnosis = new Diagnosis(shell);
    diagnosis.step("name", List.of(), checks::name);
    diagnosis.step("tcp", List.of("name"), checks::tcp);
    diagnosis.step("tls", List.of("tcp"), checks::tls);
    diagnosis.step("credentials", List.of(), checks::credentials);
    diagnosis.step("pin", List.of("tls", "credentials"), checks::pin);
    diagnosis.step("key", List.of("pin"), checks::key);
    diagnosis.step("port", List.of("key"), () -> checks.port(pubPort, backend));
    diagnosis.step("backend", List.of(), () -> MachineChecks.backend(backend));
    diagnosis.step("descriptors", List.of(), MachineChecks::descriptors);
    diagnosis.step("clock", List.of("pin"), checks::clock);
    return diagnosis.failed() ? 1 : 0;
  }
}
