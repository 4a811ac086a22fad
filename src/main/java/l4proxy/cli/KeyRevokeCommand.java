package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
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
      access.revoke(name);
    }
    return 0;
  }
}
