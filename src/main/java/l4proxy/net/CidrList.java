package l4proxy.net;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Ranges of IP addresses, as people write them: {@code 10.0.0.0/8,2001:db8::/32}. A value.
 *
 * @param ranges the ranges, at least one
 */
public record CidrList(List<Cidr> ranges) {
  /** So many that a look through them costs nothing that can be felt. */
  private static final int MOST = 1000;

  /**
   * Checks and copies them.
   *
   * @throws IllegalArgumentException when there are none or too many
   */
  public CidrList {
    ranges = List.copyOf(ranges);
    if (ranges.isEmpty() || ranges.size() > MOST) {
      throw new IllegalArgumentException(
          "Expected 1 to " + MOST + " ranges of addresses, such as 10.0.0.0/8,2001:db8::/32.");
    }
  }

  /**
   * Reads ranges.
   *
   * @param text ranges with commas between, spaces around them ignored
   * @return the list
   * @throws IllegalArgumentException with one sentence that names what is wrong
   */
  public static CidrList parse(String text) {
    List<Cidr> ranges = new ArrayList<>();
    for (String each : text.split(",", MOST + 1)) {
      ranges.add(Cidr.parse(each.strip()));
    }
    return new CidrList(ranges);
  }

  /**
   * Whether an address lies within one of them.
   *
   * @param address of either kind
   * @return true when it does
   */
  public boolean contains(InetAddress address) {
    return ranges.stream().anyMatch(range -> range.contains(address));
  }

  /** The text that {@link #parse} reads. */
  @Override
  public String toString() {
    return ranges.stream().map(Cidr::toString).collect(Collectors.joining(","));
  }
}
