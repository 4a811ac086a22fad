package l4proxy.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import l4proxy.auth.Grant;
import l4proxy.client.RefusedException;

/** The keys of a server, by whatever way. */
interface KeyAccess extends AutoCloseable {
  /**
   * A key to be made.
   *
   * @param name it gets
   * @param grant what it is good for
   */
  record Wanted(String name, Grant grant) {}

  /** Makes a key; returns its text, the secret. */
  String create(Wanted wanted)
      throws UsageException, FailedException, RefusedException, IOException;

  /** All keys, a row each: name, admin, ports, services, rate, when made. */
  List<List<String>> list() throws UsageException, FailedException, RefusedException, IOException;

  /** Revokes a key. */
  void revoke(String name) throws UsageException, FailedException, RefusedException, IOException;

  /** A row of {@link #list()}. */
  static List<String> row(
      String name, boolean admin, Optional<String> ports, Bounds bounds, String createdAt) {
    return List.of(
        name,
        admin ? "yes" : "no",
        ports.orElse("all"),
        shown(bounds.services()),
        shown(bounds.rate()),
        createdAt);
  }

  private static String shown(int bound) {
    return bound == 0 ? "any" : String.valueOf(bound);
  }

  /**
   * What a key is bound to, 0 where it is not.
   *
   * @param services at once
   * @param rate bytes a second
   */
  record Bounds(int services, int rate) {}

  @Override
  void close();
}
