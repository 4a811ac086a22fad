package l4proxy.auth;

import java.util.Optional;
import l4proxy.net.PortRanges;

/**
 * What a key is to be good for.
 *
 * @param admin may it see and end everything?
 * @param ports the public ports it may use; empty for all
 * @param maxServices how many services it may expose at once; 0 for no bound
 * @param limitRate bytes a second of all its users together, in each direction; 0 for no bound
 */
public record Grant(boolean admin, Optional<PortRanges> ports, int maxServices, int limitRate) {
  /** Joining, without bounds. */
  public static final Grant ALL = new Grant(false, Optional.empty(), 0, 0);

  /** Everything. */
  public static final Grant ADMIN = new Grant(true, Optional.empty(), 0, 0);
}
