package l4proxy.server;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import l4proxy.net.CidrList;

/**
 * How many users a server takes, and whom. 0 stands for no bound.
 *
 * @param maxUsers at once, in all
 * @param maxUsersPerIp at once, of one address
 * @param maxUsersPerService at once, of one service
 * @param userRatePerIp new ones a second, of one address
 * @param allow where users must come from; absent: from anywhere
 * @param deny where none may come from, whatever is allowed
 */
public record Limits(
    int maxUsers,
    int maxUsersPerIp,
    int maxUsersPerService,
    int userRatePerIp,
    Optional<CidrList> allow,
    Optional<CidrList> deny) {
  /** No bound at all. */
  public static final Limits NONE = new Limits(0, 0, 0, 0, Optional.empty(), Optional.empty());

  /** Descriptors for everything but users: listeners, control connections, files, handshakes. */
  private static final long RESERVED = 1_000;

  /** A user's socket, its tunnel, and one tunnel that waits after another user left. */
  private static final long PER_USER = 3;

  /**
   * How many users at once the file descriptors that this process may open are enough for.
   *
   * @return at least 1, 0 where there is no such limit
   */
  public static int mostUsers() {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      return mostUsers(system.getMaxFileDescriptorCount());
    }
    return 0;
  }

  static int mostUsers(long descriptors) {
    long reserved = Math.min(RESERVED, descriptors / 2);
    return Math.clamp((descriptors - reserved) / PER_USER, 1, Integer.MAX_VALUE);
  }
}
