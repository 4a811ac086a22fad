package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import l4proxy.client.RefusedException;

/** {@code l4proxy client close user}. */
final class ClientCloseUserCommand implements Command {
  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @Parameter(description = "NAME ID")
  private List<String> arguments = new ArrayList<>();

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    if (arguments.size() != 2) {
      throw new UsageException(
          "Expected the name of a client and the id of a user behind the options, as 'client list"
              + " user -o json' shows them, but there are "
              + arguments.size()
              + " words.");
    }
    ServerApi api = server.api(shell);
    api.delete(
        "/v1/clients/"
            + ServerApi.part(ClientNames.find(api, arguments.getFirst()))
            + "/users/"
            + ServerApi.part(arguments.getLast()));
    return 0;
  }
}
