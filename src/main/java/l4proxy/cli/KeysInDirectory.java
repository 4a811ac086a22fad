package l4proxy.cli;

import com.google.gson.JsonObject;
import java.nio.file.Path;
import l4proxy.api.KeyView;
import l4proxy.auth.Identity;
import l4proxy.auth.KeyConflictException;
import l4proxy.auth.Keys;
import l4proxy.auth.StateDirectory;
import l4proxy.auth.StateException;

/** The keys in a state directory, held until closed, so that no server changes them meanwhile. */
final class KeysInDirectory implements KeyAccess {
  private final StateDirectory directory;
  private final Keys keys;

  private KeysInDirectory(StateDirectory directory, Keys keys) {
    this.directory = directory;
    this.keys = keys;
  }

  /** Those that there are; nothing is made or written where there are none. */
  static KeysInDirectory open(Path path, Shell shell) throws FailedException, StateException {
    if (Keys.isNone(path)) {
      throw new FailedException(
          "There is no server's state in "
              + path
              + ": give the --state_dir that the server is started with, or none to ask a server"
              + " that runs.");
    }
    return openOrMake(path, shell);
  }

  /** The same, but a new server's where there are none. */
  static KeysInDirectory openOrMake(Path path, Shell shell) throws StateException {
    StateDirectory directory = StateDirectory.open(path);
    boolean opened = false;
    try {
      Keys keys = Keys.open(directory, Identity.open(directory).pin());
      if (keys.created().isPresent()) {
        shell.warn(
            "There was no state in "
                + path
                + "; a new server was made there, with keys admin and default that nobody"
                + " knows: revoke them.");
      }
      opened = true;
      return new KeysInDirectory(directory, keys);
    } finally {
      if (!opened) {
        directory.close();
      }
    }
  }

  @Override
  public String create(Wanted wanted) throws UsageException, FailedException, StateException {
    try {
      return keys.create(wanted.name(), wanted.grant()).joinKey().text();
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    } catch (KeyConflictException e) {
      throw new FailedException(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public JsonObject list() {
    return ServerApi.whole("keys", KeyView.json(keys));
  }

  @Override
  public void revoke(String name) throws FailedException, StateException {
    if (!keys.revoke(name)) {
      throw new FailedException("There is no key named " + Text.quoted(name) + ".");
    }
  }

  @Override
  public void close() {
    directory.close();
  }
}
