package l4proxy.cli;

import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.util.List;
import l4proxy.client.RefusedException;

/** {@code l4proxy key list}. */
final class KeyListCommand implements Command {
  private static final List<String> TITLES =
      List.of("Name", "Admin", "Ports", "Services", "Rate", "Created");

  @ParametersDelegate private final KeyOptions keys = new KeyOptions();

  @Override
  public boolean inEnvironment(Option option) {
    return KeyOptions.inEnvironment(option);
  }

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    try (KeyAccess access = keys.open(shell)) {
      Table.lines(TITLES, access.list()).forEach(shell::print);
    }
    return 0;
  }
}
