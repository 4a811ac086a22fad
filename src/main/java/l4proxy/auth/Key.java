package l4proxy.auth;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.regex.Pattern;
import l4proxy.net.PortRanges;

/**
 * What the server knows of a join key: its name, what it may do, and only the digest of its secret.
 *
 * @param name 1 to 64 letters, digits, {@code -}, {@code _} or {@code .}, but not {@code .} or
 *     {@code ..}, which no URL can name
 * @param secretSha256 SHA-256 of the secret's text, 64 lower-case hex digits
 * @param admin may it see and end everything?
 * @param ports the public ports it may use; empty for all that the server grants
 * @param maxServices how many services it may expose at once; 0 for no bound
 * @param limitRate bytes a second of all its users together, in each direction; 0 for no bound
 * @param createdAt when it was made
 */
public record Key(
    String name,
    String secretSha256,
    boolean admin,
    Optional<PortRanges> ports,
    int maxServices,
    int limitRate,
    Instant createdAt) {
  private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,64}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** So that the file of {@link Keys#MAX_KEYS} keys is never larger than what can be read again. */
  private static final int MAX_PORTS_CHARS = 1024;

  /**
   * Checks the fields.
   *
   * @throws IllegalArgumentException with one sentence, if one is out of its range
   */
  public Key {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "A key's name is 1 to 64 letters, digits, '-', '_' or '.'; this one is not.");
    }
    if (!SHA256.matcher(secretSha256).matches()) {
      throw new IllegalArgumentException("A key's digest is 64 lower-case hex digits.");
    }
    if (ports.isPresent() && ports.get().toString().length() > MAX_PORTS_CHARS) {
      throw new IllegalArgumentException(
          "A key's ports are at most " + MAX_PORTS_CHARS + " characters as text.");
    }
    if (maxServices < 0) {
      throw new IllegalArgumentException(
          "A key's number of services is 0 (no bound) or more, not " + maxServices + ".");
    }
    if (limitRate < 0) {
      throw new IllegalArgumentException(
          "A key's bytes a second are 0 (no bound) or more, not " + limitRate + ".");
    }
  }

  /** The key that stands for a join key just made. */
  static Key of(String name, JoinKey joinKey, Grant grant) {
    return new Key(
        name,
        Digests.sha256Hex(joinKey.secret()),
        grant.admin(),
        grant.ports(),
        grant.maxServices(),
        grant.limitRate(),
        Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  /**
   * May this key use that public port? The server's own {@code --ports} count as well.
   *
   * @param port any number
   * @return whether the key allows it
   */
  public boolean allows(int port) {
    return ports.map(allowed -> allowed.contains(port)).orElse(true);
  }

  /** The name, and whether it is an admin key: enough for a log line. */
  @Override
  public String toString() {
    return (admin ? "admin key " : "key ") + name;
  }
}
