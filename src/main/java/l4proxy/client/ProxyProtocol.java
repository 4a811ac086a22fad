package l4proxy.client;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.StringJoiner;
import l4proxy.net.HostPort;
import l4proxy.wire.OpenFrame;
import org.jspecify.annotations.Nullable;

/**
 * The header that tells a backend its user's address, before the user's first byte: the PROXY
 * protocol, versions 1 and 2, as haproxy's doc/proxy-protocol.txt has it.
 *
 * <p>Where one address is IPv4 and the other IPv6, both are told as IPv6.
 */
public enum ProxyProtocol {
  /** A line of text. */
  V1 {
    @Override
    byte[] header(Ends ends) {
      boolean v4 = ends.v4();
      return line(
          (v4 ? "TCP4 " : "TCP6 ")
              + (v4 ? text4(ends.user()) : text6(ends.user()))
              + " "
              + (v4 ? text4(ends.address()) : text6(ends.address()))
              + " "
              + ends.userPort()
              + " "
              + ends.port());
    }

    @Override
    byte[] unknown() {
      return line("UNKNOWN");
    }

    @Override
    byte[] ofOurs() {
      return unknown();
    }
  },

  /** Binary. */
  V2 {
    @Override
    byte[] header(Ends ends) {
      ByteArrayOutputStream addresses = new ByteArrayOutputStream();
      boolean v4 = ends.v4();
      addresses.writeBytes(v4 ? ends.user().getAddress() : bytes6(ends.user()));
      addresses.writeBytes(v4 ? ends.address().getAddress() : bytes6(ends.address()));
      put(addresses, ends.userPort());
      put(addresses, ends.port());
      return binary(PROXY, v4 ? TCP4 : TCP6, addresses.toByteArray());
    }

    @Override
    byte[] unknown() {
      return binary(PROXY, UNSPECIFIED, new byte[0]);
    }

    @Override
    byte[] ofOurs() {
      return binary(LOCAL, UNSPECIFIED, new byte[0]);
    }
  };

  private static final byte[] SIGNATURE = HexFormat.of().parseHex("0d0a0d0a000d0a515549540a");
  private static final int LOCAL = 0x20;
  private static final int PROXY = 0x21;
  private static final int UNSPECIFIED = 0x00;
  private static final int TCP4 = 0x11;
  private static final int TCP6 = 0x21;

  /** The two ends of a user's connection to the server. */
  record Ends(InetAddress user, int userPort, InetAddress address, int port) {
    boolean v4() {
      return user.getAddress().length == 4 && address.getAddress().length == 4;
    }
  }

  /**
   * The header for a user.
   *
   * @param open says where the user comes from and arrived
   */
  byte[] header(OpenFrame open) {
    Ends ends = ends(open);
    return ends == null ? unknown() : header(ends);
  }

  abstract byte[] header(Ends ends);

  /** The header for a user of whom nothing is known. */
  abstract byte[] unknown();

  /** The header for a connection of the client's own. */
  abstract byte[] ofOurs();

  private static @Nullable Ends ends(OpenFrame open) {
    try {
      HostPort user = HostPort.parse(open.user(), -1);
      HostPort address = HostPort.parse(open.address(), -1);
      return new Ends(
          InetAddress.ofLiteral(user.host()),
          user.port(),
          InetAddress.ofLiteral(address.host()),
          address.port());
    } catch (IllegalArgumentException noAddress) {
      return null;
    }
  }

  private static byte[] line(String text) {
    return ("PROXY " + text + "\r\n").getBytes(StandardCharsets.US_ASCII);
  }

  private static String text4(InetAddress address) {
    return address.getHostAddress();
  }

  private static String text6(InetAddress address) {
    byte[] bytes = bytes6(address);
    StringJoiner groups = new StringJoiner(":");
    for (int i = 0; i < bytes.length; i += 2) {
      groups.add(Integer.toHexString((bytes[i] & 0xff) << 8 | bytes[i + 1] & 0xff));
    }
    return groups.toString();
  }

  /** As IPv6; an IPv4 address mapped: RFC 4291, 2.5.5.2. */
  private static byte[] bytes6(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 16) {
      return bytes;
    }
    byte[] mapped = new byte[16];
    mapped[10] = (byte) 0xff;
    mapped[11] = (byte) 0xff;
    System.arraycopy(bytes, 0, mapped, 12, 4);
    return mapped;
  }

  private static byte[] binary(int command, int family, byte[] addresses) {
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.writeBytes(SIGNATURE);
    header.write(command);
    header.write(family);
    put(header, addresses.length);
    header.writeBytes(addresses);
    return header.toByteArray();
  }

  private static void put(ByteArrayOutputStream out, int number) {
    out.write(number >> 8);
    out.write(number);
  }

  /** As on the command line: {@code v1}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
