package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The options of every command about keys, and with them the way to the keys. */
final class KeyOptions {
  private static final String STATE_DIR = "--state_dir";

  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @Parameter(
      names = STATE_DIR,
      placeholder = "DIR",
      description =
          "works on the state of a server on this machine that is stopped, and needs no key",
      converter = Values.File.class,
      order = 20)
  private @Nullable Path stateDir;

  /**
   * Whether a variable may stand for an option: not for the directory, since one that is there for
   * the server would keep these commands from asking the running server.
   */
  static boolean inEnvironment(Option option) {
    return !option.name().equals(STATE_DIR);
  }

  /** The keys of the directory, made there if need be, or of the server; closed by the caller. */
  KeyAccess openOrMake(Shell shell) throws UsageException, FailedException, IOException {
    return stateDir == null ? open(shell) : KeysInDirectory.openOrMake(stateDir, shell);
  }

  /** The keys of the directory, or of the server; closed by the caller. */
  KeyAccess open(Shell shell) throws UsageException, FailedException, IOException {
    if (stateDir != null) {
      return KeysInDirectory.open(stateDir, shell);
    }
    return new KeysOfServer(server.api(shell));
  }

  /** The one argument of a command, a key's name. */
  static String name(List<String> arguments) throws UsageException {
    if (arguments.size() != 1) {
      throw new UsageException(
          "Expected one name of a key behind the options, but there are " + arguments.size() + ".");
    }
    return arguments.getFirst();
  }
}
