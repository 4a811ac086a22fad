package l4proxy.api;

import java.util.Map;
import java.util.Optional;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Key;
import l4proxy.auth.Keys;

/**
 * Finds out whose request it is: by a key, or by the cookie of a browser's session. A browser sends
 * its cookies along with what other pages ask for too, so that a cookie counts only where the page
 * that began the session asks.
 */
final class Callers {
  private static final String SCHEME = "Bearer ";

  /** What an answer without a key comes with. */
  static final Map<String, String> CHALLENGE =
      Map.of("WWW-Authenticate", "Bearer realm=\"l4proxy\"");

  private final Keys keys;
  private final BrowserSessions browsers;

  Callers(Keys keys, BrowserSessions browsers) {
    this.keys = keys;
    this.browsers = browsers;
  }

  /** The key that a request proves, or whose session it is of. */
  Key key(Request request) throws ProblemException {
    if (request.header("Authorization").isEmpty()) {
      Optional<BrowserSessions.Session> session = browsers.find(request.header("Cookie"));
      if (session.isPresent()) {
        check(request, session.get());
        return session.get().key();
      }
    }
    return bearer(request);
  }

  /** Whether a request is still this key's: keys are revoked, sessions end. */
  boolean isStill(Request request, Key key) {
    try {
      return key(request).equals(key);
    } catch (ProblemException over) {
      return false;
    }
  }

  private static void check(Request request, BrowserSessions.Session session)
      throws ProblemException {
    String origin = request.header("Origin");
    boolean reads = request.method().equals("GET") && origin.isEmpty();
    if (!(reads || origin.equals(session.origin()))
        || !isOf(session.origin(), request.header("Host"))
        || !isOwnSite(request, reads)) {
      throw elsewhere();
    }
  }

  /** The origin of the page that asks, which must be of the very host and port that are asked. */
  String ownOrigin(Request request) throws ProblemException {
    String origin = request.header("Origin");
    if (!isOf(origin, request.header("Host")) || !isOwnSite(request, false)) {
      throw elsewhere();
    }
    return origin;
  }

  private static boolean isOf(String origin, String host) {
    return !host.isEmpty() && (origin.equals("http://" + host) || origin.equals("https://" + host));
  }

  /** Older browsers, and pages without TLS from elsewhere than loopback, do not say. */
  private static boolean isOwnSite(Request request, boolean reads) {
    String site = request.header("Sec-Fetch-Site");
    return site.isEmpty() || site.equals("same-origin") || reads && site.equals("none");
  }

  private static ProblemException elsewhere() {
    return new ProblemException(
        403, "A browser's session counts only for the dashboard's own page, where it began.");
  }

  /** The key that a request proves by itself. */
  Key bearer(Request request) throws ProblemException {
    String header = request.header("Authorization");
    if (!header.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      throw refused("Give a key of this server as 'Authorization: Bearer l4p1_...'.");
    }
    return find(header.substring(SCHEME.length()))
        .orElseThrow(() ->
            refused("This server does not know the key; it was revoked or belongs to another."));
  }

  /** The key that a request proves, which must be an admin's. */
  Key admin(Request request) throws ProblemException {
    Key key = key(request);
    if (!key.admin()) {
      throw new ProblemException(403, "Only an admin key may do this.");
    }
    return key;
  }

  private Optional<Key> find(String text) {
    try {
      return keys.find(JoinKey.parse(text).secret());
    } catch (IllegalArgumentException notAKey) {
      return Optional.empty();
    }
  }

  private static ProblemException refused(String detail) {
    return new ProblemException(401, detail, CHALLENGE);
  }
}
