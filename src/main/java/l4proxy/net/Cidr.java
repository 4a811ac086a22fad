package l4proxy.net;

import java.net.InetAddress;
import java.util.Arrays;

/**
 * A range of IP addresses with a common prefix, {@code 10.0.0.0/8} or {@code 2001:db8::/32}. A
 * value.
 *
 * <p>An IPv4 range holds IPv4 addresses, and so what the kernel shows as {@code ::ffff:10.0.0.1},
 * which the JDK makes an IPv4 address of.
 */
public final class Cidr {
  private static final int MOST_CHARS = 49; // the longest IPv6 address and /128

  private final byte[] prefix;
  private final int bits;

  private Cidr(byte[] prefix, int bits) {
    this.prefix = prefix;
    this.bits = bits;
  }

  /**
   * Reads a range; an address without a length is a range of one.
   *
   * @param text {@code address} or {@code address/length}
   * @return the range
   * @throws IllegalArgumentException with one sentence that names the text and what is expected
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    String length = slash < 0 ? "" : text.substring(slash + 1);
    byte[] address = literal(slash < 0 ? text : text.substring(0, slash));
    int most = 8 * address.length;
    if (most == 0 || slash >= 0 && !length.matches("[0-9]{1,3}")) {
      throw wrong(text);
    }
    int bits = slash < 0 ? most : Integer.parseInt(length);
    if (bits > most) {
      throw wrong(text);
    }
    Cidr range = new Cidr(cut(address, bits), bits);
    if (!Arrays.equals(range.prefix, address)) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is an address within a range; the range itself is " + range + ".");
    }
    return range;
  }

  private static byte[] literal(String text) {
    boolean address =
        HostPort.IPV4.matcher(text).matches() || text.matches("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");
    if (!address || text.length() > MOST_CHARS) {
      return new byte[0];
    }
    try {
      return InetAddress.ofLiteral(text).getAddress();
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  private static byte[] cut(byte[] address, int bits) {
    byte[] prefix = address.clone();
    for (int i = 0; i < prefix.length; i++) {
      int kept = Math.clamp(bits - 8L * i, 0, 8);
      prefix[i] &= (byte) (0xff00 >> kept);
    }
    return prefix;
  }

  private static IllegalArgumentException wrong(String text) {
    String shown = text.length() <= MOST_CHARS ? text : text.substring(0, MOST_CHARS) + "…";
    return new IllegalArgumentException(
        "\""
            + shown.replaceAll("\\p{Cc}", "?")
            + "\" is no range of addresses: expected one such as 10.0.0.0/8, 192.0.2.7 or"
            + " 2001:db8::/32.");
  }

  /**
   * Whether an address lies within.
   *
   * @param address of either kind
   * @return false for one of the other kind
   */
  public boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == prefix.length && Arrays.equals(cut(bytes, bits), prefix);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Cidr range && range.bits == bits && Arrays.equals(range.prefix, prefix);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(prefix) + bits;
  }

  /** The text that {@link #parse} reads, always with the length. */
  @Override
  public String toString() {
    try {
      return Sockets.text(InetAddress.getByAddress(prefix)) + "/" + bits;
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException("4 or 16 bytes are an address", e);
    }
  }
}
