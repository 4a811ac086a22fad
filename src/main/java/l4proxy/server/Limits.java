package l4proxy.server;

/**
 * How many users a server takes. 0 stands for no bound.
 *
 * @param maxUsers at once, in all
 * @param maxUsersPerIp at once, of one address
 * @param maxUsersPerService at once, of one service
 * @param userRatePerIp new ones a second, of one address
 */
public record Limits(int maxUsers, int maxUsersPerIp, int maxUsersPerService, int userRatePerIp) {
  /** No bound at all. */
  public static final Limits NONE = new Limits(0, 0, 0, 0);
}
