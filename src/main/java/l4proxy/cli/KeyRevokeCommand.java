package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import l4proxy.client.RefusedException;

/** {@code l4proxy key revoke}. */
final class KeyRevokeCommand implements Command {
  @ParametersDelegate private final KeyOptions keys = new KeyOptions();

  @Parameter(description = "NAME")
  private List<String> arguments = new ArrayList<>();

  @Override
  public boolean inEnvironment(Option option) {
    return KeyOptions.inEnvironment(option);
  }

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    String name = KeyOptions.name(arguments);
    try (KeyAccess access = keys.open(shell)) {
      boolean last = isLastAdmin(access.list(), name);
      access.revoke(name);
      if (last) {
        shell.warn(
            "There is no admin key any more: with the server stopped, make one with 'l4proxy key"
                + " create NAME --admin --state_dir DIR'.");
      }
    }
    return 0;
  }

  private static boolean isLastAdmin(JsonObject keys, String name) {
    return keys.getAsJsonArray("keys").asList().stream()
        .filter(each -> ServerApi.text(each, "admin").equals("true"))
        .map(each -> ServerApi.text(each, "name"))
        .toList()
        .equals(List.of(name));
  }
}
