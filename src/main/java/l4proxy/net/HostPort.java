package l4proxy.net;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A host and a port as people write them: {@code example.org:2222}, {@code 127.0.0.1:22}, {@code
 * [::1]:22}, {@code :2222}. A value; nothing is resolved before {@link #resolve()}.
 *
 * <p>Host names compare without regard to case, so the host is kept in lower case. An IPv6 address
 * is kept as it was written, without brackets.
 *
 * @param host a host name, an IPv4 or IPv6 address, or empty for the wildcard address
 * @param port 0 to 65535; 0 is "any free port" where something listens
 */
public record HostPort(String host, int port) {
  private static final int MAX_HOST_CHARS = 253; // RFC 1035, 2.3.4, as text without the last dot

  /**
   * How much of a refused text a message repeats. A join key given in the wrong place has its
   * secret after the 47th character, and a message must not carry it.
   */
  private static final int MAX_QUOTED_CHARS = 45;

  private static final Pattern PORT = Pattern.compile(":[0-9]{1,5}");
  private static final Pattern LABEL =
      Pattern.compile("[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  /** Four numbers from 0 to 255, none with a zero in front. */
  static final Pattern IPV4 =
      Pattern.compile("(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\\.(?!$)|$)){4}");

  private static final Pattern IPV6 =
      Pattern.compile("(?<address>[0-9A-Fa-f:.]{2,45})(?:%[A-Za-z0-9_.-]{1,32})?");

  /**
   * Checks both parts.
   *
   * @throws IllegalArgumentException if the host is no host name or address, or the port is out of
   *     range
   */
  public HostPort {
    if (!host.isEmpty() && !isName(host) && !isIpv6(host)) {
      throw new IllegalArgumentException(
          quoted(host) + " is not a host name, an IPv4 address or an IPv6 address.");
    }
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("Port " + port + " is not between 0 and 65535.");
    }
    // The zone of an IPv6 address is the name of a network interface, where case counts.
    host = host.contains("%") ? host : host.toLowerCase(Locale.ROOT);
  }

  /**
   * Reads {@code host:port}, {@code host}, {@code :port}, {@code [IPv6]:port}, {@code [IPv6]} or a
   * bare IPv6 address. Text with two colons or more and no brackets is an address without a port.
   *
   * @param text what a person wrote
   * @param defaultPort the port if the text has none; negative if it must have one
   * @return the host and port
   * @throws IllegalArgumentException with one sentence that names the text and what is expected
   */
  public static HostPort parse(String text, int defaultPort) {
    boolean bracketed = text.startsWith("[");
    int end = bracketed ? text.indexOf("]:") : text.indexOf(':');
    if (bracketed) {
      end = end < 0 ? text.length() : end + 1;
    } else if (end < 0 || end != text.lastIndexOf(':')) {
      end = text.length();
    }
    String host = text.substring(0, end);
    String port = text.substring(end);
    if (bracketed) {
      host = host.endsWith("]") ? host.substring(1, host.length() - 1) : "";
    }
    boolean hostFits = bracketed ? isIpv6(host) : host.isEmpty() || isName(host) || isIpv6(host);
    boolean portFits = port.isEmpty() ? defaultPort >= 0 : PORT.matcher(port).matches();
    int number = portFits && !port.isEmpty() ? Integer.parseInt(port.substring(1)) : defaultPort;
    if (text.isEmpty() || !hostFits || !portFits || number > 65535) {
      throw new IllegalArgumentException(
          quoted(text)
              + " is not an address: expected host:port"
              + (defaultPort < 0 ? "" : ", host")
              + " or [IPv6]:port, with a port of at most 65535.");
    }
    return new HostPort(host, number);
  }

  /**
   * Looks the host up. The JDK's own cache ({@code networkaddress.cache.ttl}) still applies.
   *
   * @return the address; the wildcard address for an empty host
   * @throws UnknownHostException if the name has no address now
   */
  public InetSocketAddress resolve() throws UnknownHostException {
    return host.isEmpty()
        ? new InetSocketAddress(port)
        : new InetSocketAddress(InetAddress.getByName(host), port);
  }

  /** The text that {@link #parse} reads, always with the port and with brackets around IPv6. */
  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  private static boolean isName(String host) {
    String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    if (name.length() > MAX_HOST_CHARS) {
      return false;
    }
    String last = name.substring(name.lastIndexOf('.') + 1);
    if (NUMBER.matcher(last).matches()) {
      // Resolvers read 2222 and 10.1 as addresses; nobody who writes that here means them.
      return IPV4.matcher(host).matches();
    }
    for (String label : name.split("\\.", -1)) {
      if (!LABEL.matcher(label).matches()) {
        return false;
      }
    }
    return true;
  }

  private static boolean isIpv6(String host) {
    var matcher = IPV6.matcher(host);
    if (!host.contains(":") || !matcher.matches()) {
      return false;
    }
    try {
      // The zone is left out: it need not exist on this machine yet.
      InetAddress _ = InetAddress.ofLiteral(matcher.group("address"));
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static String quoted(String text) {
    String shown =
        text.length() <= MAX_QUOTED_CHARS ? text : text.substring(0, MAX_QUOTED_CHARS) + "…";
    return "\"" + shown.replaceAll("\\p{Cc}", "?") + "\"";
  }
}
