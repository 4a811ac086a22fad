package l4proxy.http;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Predicate;
import l4proxy.net.Cidr;
import l4proxy.net.CidrList;

/**
 * Addresses of the internet at large: global unicast, and none of this machine's own. What a proxy
 * on a server may connect to, so that it is no way into the server's network.
 *
 * <p>The ranges are those of IANA's special-purpose address registries (RFC 6890) that are not
 * globally reachable. An IPv4 address within an IPv6 one, mapped, of NAT64 (RFC 6052) or of 6to4
 * (RFC 3056), counts as itself. Any thread.
 */
public final class GlobalAddresses implements Predicate<InetAddress> {
  private static final CidrList SPECIAL_4 =
      CidrList.parse(
          "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,"
              + "192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,198.18.0.0/15,"
              + "198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4");

  /** All of IPv6 that is assigned for global unicast: RFC 4291, 2.4, and IANA's table. */
  private static final Cidr UNICAST_6 = Cidr.parse("2000::/3");

  /** Protocol assignments (Teredo, ORCHID, benchmarking among them) and documentation. */
  private static final CidrList SPECIAL_6 = CidrList.parse("2001::/23,2001:db8::/32,3fff::/20");

  private static final Cidr NAT64 = Cidr.parse("64:ff9b::/96");
  private static final Cidr SIX_TO_FOUR = Cidr.parse("2002::/16");

  private final Set<InetAddress> own;

  /**
   * All but this machine's own.
   *
   * @param own addresses by which this machine is reached beside those of its interfaces
   */
  public GlobalAddresses(Set<InetAddress> own) {
    this.own = Set.copyOf(own);
  }

  @Override
  public boolean test(InetAddress address) {
    InetAddress bare = unwrapped(address);
    return global(bare) && !isOwn(bare) && !isOwn(address);
  }

  private static boolean global(InetAddress address) {
    return address instanceof Inet4Address
        ? !SPECIAL_4.contains(address)
        : UNICAST_6.contains(address) && !SPECIAL_6.contains(address);
  }

  private boolean isOwn(InetAddress address) {
    try {
      return own.contains(address) || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return true; // what cannot be checked is not dialled
    }
  }

  private static InetAddress unwrapped(InetAddress address) {
    if (NAT64.contains(address)) {
      return within(address, 12);
    }
    return SIX_TO_FOUR.contains(address) ? within(address, 2) : address;
  }

  /** The JDK itself makes IPv4 addresses of mapped ones. */
  private static InetAddress within(InetAddress address, int offset) {
    try {
      return InetAddress.getByAddress(Arrays.copyOfRange(address.getAddress(), offset, offset + 4));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 bytes are an address", e);
    }
  }
}
