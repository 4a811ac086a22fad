package l4proxy.client;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import l4proxy.wire.Balance;
import l4proxy.wire.Message;

/**
 * How a service shares its public port with others of the same key.
 *
 * @param balance the rule, one of {@link #BALANCES}, the same for all members
 * @param weight its share of the users against the others', 1 to {@link #MOST_WEIGHT}
 * @param priority the lowest is served first where the rule is {@code first}, 0 to {@link
 *     #LAST_PRIORITY}
 */
public record Sharing(String balance, int weight, int priority) {
  /** The rules. */
  public static final List<String> BALANCES =
      Arrays.stream(Balance.values()).map(Balance::text).toList();

  /** The rule if none is named. */
  public static final String USUAL = Balance.LEAST_CONN.text();

  /** The highest weight. */
  public static final int MOST_WEIGHT = Message.Sharing.MOST_WEIGHT;

  /** The last priority. */
  public static final int LAST_PRIORITY = Message.Sharing.LAST_PRIORITY;

  /** What goes over the wire. */
  Message.Sharing message() {
    return new Message.Sharing(Balance.valueOf(balance.toUpperCase(Locale.ROOT)), weight, priority);
  }
}
