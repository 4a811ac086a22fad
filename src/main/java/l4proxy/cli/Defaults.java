package l4proxy.cli;

import java.nio.file.Path;
import l4proxy.auth.StateDirectory;
import l4proxy.auth.StateException;

/** What counts when nothing was given. */
final class Defaults {
  private Defaults() {}

  /** Where state is kept. */
  static Path stateDir(Shell shell) throws StateException {
    return StateDirectory.defaultPath(shell.environment(), System.getProperty("user.name", ""));
  }
}
