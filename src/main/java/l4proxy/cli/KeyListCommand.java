package l4proxy.cli;

import com.beust.jcommander.ParametersDelegate;
import com.google.gson.JsonElement;
import java.io.IOException;
import java.util.List;
import l4proxy.client.RefusedException;

/** {@code l4proxy key list}. */
final class KeyListCommand implements Command {
  private static final List<String> TITLES =
      List.of("Name", "Admin", "Ports", "Services", "Rate", "Created");

  @ParametersDelegate private final KeyOptions keys = new KeyOptions();
  @ParametersDelegate private final OutputOptions output = new OutputOptions();

  @Override
  public boolean inEnvironment(Option option) {
    return KeyOptions.inEnvironment(option);
  }

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    try (KeyAccess access = keys.open(shell)) {
      output.print(shell, access.list(), "keys", TITLES, KeyListCommand::row);
    }
    return 0;
  }

  private static List<String> row(JsonElement key) {
    String ports = ServerApi.text(key, "ports");
    return List.of(
        ServerApi.text(key, "name"),
        ServerApi.text(key, "admin").equals("true") ? "yes" : "no",
        ports.isEmpty() ? "all" : ports,
        bound(ServerApi.text(key, "maxServices")),
        bound(ServerApi.text(key, "limitRate")),
        ServerApi.text(key, "createdAt"));
  }

  private static String bound(String number) {
    return number.equals("0") ? "any" : number;
  }
}
