package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import l4proxy.client.RefusedException;

/** {@code l4proxy client close}. */
final class ClientCloseCommand implements Command {
  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @Parameter(description = "NAME")
  private List<String> arguments = new ArrayList<>();

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    if (arguments.size() != 1) {
      throw new UsageException(
          "Expected the name of one client behind the options, as 'client list' shows it, but there"
              + " are "
              + arguments.size()
              + ".");
    }
    ServerApi api = server.api(shell);
    api.delete("/v1/clients/" + ServerApi.part(ClientNames.find(api, arguments.getFirst())));
    return 0;
  }
}
