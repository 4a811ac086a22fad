package l4proxy.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import l4proxy.client.RefusedException;
import l4proxy.net.PortRanges;

/** The keys of a server, by whatever way. */
interface KeyAccess extends AutoCloseable {
  /**
   * A key to be made.
   *
   * @param name it gets
   * @param admin whether it may see and end everything
   * @param ports it may use; empty for all
   * @param maxServices it may expose; 0 for no bound
   */
  record Wanted(String name, boolean admin, Optional<PortRanges> ports, int maxServices) {}

  /** Makes a key; returns its text, the secret. */
  String create(Wanted wanted)
      throws UsageException, FailedException, RefusedException, IOException;

  /** All keys, a row each: name, admin, ports, services, when made. */
  List<List<String>> list() throws UsageException, FailedException, RefusedException, IOException;

  /** Revokes a key. */
  void revoke(String name) throws UsageException, FailedException, RefusedException, IOException;

  /** A row of {@link #list()}. */
  static List<String> row(
      String name, boolean admin, Optional<String> ports, int maxServices, String createdAt) {
    return List.of(
        name,
        admin ? "yes" : "no",
        ports.orElse("all"),
        maxServices == 0 ? "any" : String.valueOf(maxServices),
        createdAt);
  }

  @Override
  void close();
}
