package l4proxy.cli;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.function.Supplier;
import l4proxy.net.HostPort;

/** What others may call this machine. */
final class OwnHost {
  private OwnHost() {}

  /**
   * A host for a public address or a command to paste.
   *
   * @param bound where something listens; empty for every address
   * @return that, unless it is every address: then a public IPv4 address of this machine, else its
   *     name if that can be resolved and is fit for an address, else loopback
   */
  static String of(String bound) {
    return switch (bound) {
      case "", "0.0.0.0", "::" -> of(publicAddress(), OwnHost::name);
      default -> bound;
    };
  }

  /** Of a machine that has this public address, if any, and this name. */
  static String of(Optional<String> publicAddress, Supplier<Optional<String>> name) {
    return publicAddress.or(() -> name.get().filter(OwnHost::isFit)).orElse("127.0.0.1");
  }

  /** A machine may be called {@code 101}, which is the host of no address. */
  private static boolean isFit(String name) {
    try {
      return !new HostPort(name, 0).host().isEmpty();
    } catch (IllegalArgumentException number) {
      return false;
    }
  }

  private static Optional<String> publicAddress() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(OwnHost::isPublic)
          .map(InetAddress::getHostAddress)
          .findFirst();
    } catch (SocketException none) {
      return Optional.empty();
    }
  }

  private static boolean isPublic(InetAddress address) {
    return address instanceof Inet4Address
        && !address.isLoopbackAddress()
        && !address.isLinkLocalAddress()
        && !address.isSiteLocalAddress()
        && !isShared(address.getAddress());
  }

  /** 100.64.0.0/10, the inner side of a carrier's NAT: RFC 6598. */
  private static boolean isShared(byte[] address) {
    return address[0] == 100 && (address[1] & 0xc0) == 64;
  }

  private static Optional<String> name() {
    try {
      return Optional.of(InetAddress.getLocalHost().getHostName());
    } catch (UnknownHostException unresolved) {
      return Optional.empty();
    }
  }
}
