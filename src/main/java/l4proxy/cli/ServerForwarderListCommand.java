package l4proxy.cli;

import com.beust.jcommander.ParametersDelegate;
import com.google.gson.JsonElement;
import java.io.IOException;
import java.util.List;
import l4proxy.client.RefusedException;

/** {@code l4proxy server forwarder list}. */
final class ServerForwarderListCommand implements Command {
  private static final List<String> TITLES = List.of("Name", "Display Name", "Public Address");

  @ParametersDelegate private final ServerOptions server = new ServerOptions();
  @ParametersDelegate private final OutputOptions output = new OutputOptions();

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    output.print(
        shell,
        server.api(shell).all(ServerForwarderCommand.PATH, "services"),
        "services",
        TITLES,
        this::row);
    return 0;
  }

  private List<String> row(JsonElement each) {
    String address = ServerApi.text(each, "publicAddress");
    return List.of(
        ServerApi.text(each, "name"),
        ServerApi.text(each, "displayName"),
        server.shown(address).orElse(address));
  }
}
