package l4proxy.wire;

import com.google.gson.annotations.SerializedName;

/** The rule by which the users of a shared public port are given to its members. */
public enum Balance {
  /** The less loaded of two drawn at random: users a weight. */
  @SerializedName("least_conn")
  LEAST_CONN,
  /** In turn, as often as the weights say, evenly spread. */
  @SerializedName("round_robin")
  ROUND_ROBIN,
  /** At random, as often as the weights say. */
  @SerializedName("random")
  RANDOM,
  /** The same member for the same user address, as long as that member is there. */
  @SerializedName("source")
  SOURCE,
  /** The one of lowest priority; the others stand by. */
  @SerializedName("first")
  FIRST;

  /**
   * The name on the command line, in files and on the wire.
   *
   * @return {@code least_conn} and so on
   */
  public String text() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
