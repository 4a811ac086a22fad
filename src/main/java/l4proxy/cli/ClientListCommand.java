package l4proxy.cli;

import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.util.List;
import l4proxy.client.RefusedException;

/** {@code l4proxy client list}. */
final class ClientListCommand implements Command {
  private static final List<String> TITLES =
      List.of("Name", "Display Name", "Public Address", "Internal Address");
  private static final List<String> FIELDS =
      List.of("name", "displayName", "publicAddress", "internalAddress");

  @ParametersDelegate private final ServerOptions server = new ServerOptions();
  @ParametersDelegate private final OutputOptions output = new OutputOptions();

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    output.print(
        shell,
        server.api(shell).all("/v1/clients", "clients"),
        "clients",
        TITLES,
        each -> FIELDS.stream().map(field -> ServerApi.text(each, field)).toList());
    return 0;
  }
}
