package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.util.Optional;
import l4proxy.net.CidrList;
import l4proxy.server.Limits;
import org.jspecify.annotations.Nullable;

/** The options of a server about how many users it takes, and whom. */
final class LimitOptions {
  @Parameter(
      names = "--max_users",
      placeholder = "NUMBER",
      description = "users at once; 0 for no bound",
      defaultValueDescription = "what the file descriptors are enough for",
      converter = Values.Count.class,
      order = 20)
  private @Nullable Integer maxUsers;

  @Parameter(
      names = "--max_users_per_ip",
      placeholder = "NUMBER",
      description = "users at once from one address, IPv6 by /64; 0 for no bound",
      defaultValueDescription = "0",
      converter = Values.Count.class,
      order = 21)
  private int maxUsersPerIp;

  @Parameter(
      names = "--max_users_per_service",
      placeholder = "NUMBER",
      description = "users at once of one service; 0 for no bound",
      defaultValueDescription = "0",
      converter = Values.Count.class,
      order = 22)
  private int maxUsersPerService;

  @Parameter(
      names = "--user_rate_per_ip",
      placeholder = "NUMBER",
      description = "new users a second from one address, IPv6 by /64; 0 for no bound",
      defaultValueDescription = "0",
      converter = Values.Count.class,
      order = 23)
  private int userRatePerIp;

  @Parameter(
      names = "--allow",
      placeholder = "CIDR,...",
      description = "where users must come from, such as 10.0.0.0/8,2001:db8::/32",
      defaultValueDescription = "anywhere",
      converter = Values.Ranges.class,
      order = 24)
  private @Nullable CidrList allow;

  @Parameter(
      names = "--deny",
      placeholder = "CIDR,...",
      description = "where users may not come from, whatever --allow says",
      converter = Values.Ranges.class,
      order = 25)
  private @Nullable CidrList deny;

  /** What they come to. */
  Limits limits() {
    return new Limits(
        maxUsers == null ? Limits.mostUsers() : maxUsers,
        maxUsersPerIp,
        maxUsersPerService,
        userRatePerIp,
        Optional.ofNullable(allow),
        Optional.ofNullable(deny));
  }
}
