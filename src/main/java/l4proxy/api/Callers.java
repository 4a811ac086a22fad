package l4proxy.api;

import java.util.Map;
import java.util.Optional;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Key;
import l4proxy.auth.Keys;

/** Finds out whose request it is. */
final class Callers {
  private static final String SCHEME = "Bearer ";

  private final Keys keys;

  Callers(Keys keys) {
    this.keys = keys;
  }

  /** The key that a request proves. */
  Key key(Request request) throws ProblemException {
    String header = request.authorization();
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
    return new ProblemException(
        401, detail, Map.of("WWW-Authenticate", "Bearer realm=\"l4proxy\""));
  }
}
