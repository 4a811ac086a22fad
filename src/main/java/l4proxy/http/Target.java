package l4proxy.http;

import java.util.Locale;
import l4proxy.net.HostPort;

/**
 * What a request is for: a tunnel to an address (CONNECT), or something of the server at it.
 *
 * @param address host and port, neither missing
 * @param authority as it stood in the request, for the Host field
 * @param path with its query, as the server there expects it; empty for CONNECT
 */
record Target(HostPort address, String authority, String path) {
  private static final String SCHEME = "http://";
  private static final int HTTP = 80; // RFC 9110, 4.2.1

  /** Reads a request's target. */
  static Target of(RequestHead request) throws Rejection {
    boolean connect = request.method().equals("CONNECT");
    if (request.newer() && request.fields().values("Host").size() != 1) {
      throw new Rejection(400, "A request has exactly one Host field."); // RFC 9112, 3.2
    }
    if (connect) {
      return new Target(address(request.target(), -1), request.target(), "");
    }
    String target = request.target();
    if (!target.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw new Rejection(400, advice(target));
    }
    int end = SCHEME.length();
    while (end < target.length() && "/?#".indexOf(target.charAt(end)) < 0) {
      end++;
    }
    String authority = target.substring(SCHEME.length(), end);
    return new Target(address(authority, HTTP), authority, path(request, target.substring(end)));
  }

  private static String path(RequestHead request, String rest) throws Rejection {
    if (rest.indexOf('#') >= 0) {
      throw new Rejection(400, "The URL of a request has no fragment.");
    }
    if (rest.isEmpty()) {
      return request.method().equals("OPTIONS") ? "*" : "/"; // RFC 9112, 3.2.4
    }
    return rest.startsWith("/") ? rest : "/" + rest;
  }

  private static String advice(String target) {
    return target.toLowerCase(Locale.ROOT).startsWith("https://")
        ? "This proxy reaches https URLs by CONNECT only."
        : "This is an HTTP proxy: it takes CONNECT host:port and http:// URLs only.";
  }

  private static HostPort address(String authority, int port) throws Rejection {
    try {
      // an empty port stands for the usual one: RFC 3986, 3.2.3
      String text =
          port > 0 && authority.endsWith(":")
              ? authority.substring(0, authority.length() - 1)
              : authority;
      HostPort address = HostPort.parse(text, port);
      boolean bare = text.indexOf(':') != text.lastIndexOf(':') && !text.startsWith("[");
      if (!address.host().isEmpty() && address.port() > 0 && !bare) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // said below, without what was sent
    }
    throw new Rejection(400, "The request names no host and port that could be reached.");
  }
}
