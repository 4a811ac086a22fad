package l4proxy.auth;

import java.nio.file.Path;
import java.util.Map;

/** Where a user's files belong by the XDG Base Directory Specification. */
final class UserDirectories {
  private UserDirectories() {}

  /** The directory that the variable names, else the one of that name under the home directory. */
  static Path directory(Map<String, String> environment, String variable, String underHome)
      throws StateException {
    Path named = Path.of(environment.getOrDefault(variable, ""));
    if (named.isAbsolute()) {
      return named; // "If an implementation encounters a relative path … it should … ignore it."
    }
    Path home = Path.of(environment.getOrDefault("HOME", ""));
    if (!home.isAbsolute()) {
      home = Path.of(System.getProperty("user.home", ""));
    }
    if (!home.isAbsolute()) {
      throw new StateException(
          "This user has no home directory: set HOME or %s.".formatted(variable));
    }
    return home.resolve(underHome);
  }
}
