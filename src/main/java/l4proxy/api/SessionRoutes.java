package l4proxy.api;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.Key;
import l4proxy.server.ProxyServer;

/** How a browser logs in: a code for whoever has a key, and a session for whoever has a code. */
final class SessionRoutes {
  private final ProxyServer proxy;
  private final BrowserSessions browsers;
  private final Callers callers;

  SessionRoutes(ProxyServer proxy, Callers callers) {
    this.proxy = proxy;
    this.browsers = proxy.browsers();
    this.callers = callers;
  }

  /** A code for the key that asks; a session cannot prolong itself with one. */
  Reply code(Request request) throws ProblemException {
    Key key = callers.bearer(request);
    request.allow(Set.of());
    String code =
        browsers
            .code(key)
            .orElseThrow(() ->
                new ProblemException(
                    503,
                    "Too many codes wait to be used; each lasts "
                        + BrowserSessions.CODE_LIFE.toSeconds()
                        + " s, so try again then."));
    JsonObject body = new JsonObject();
    body.addProperty("code", code);
    body.addProperty("seconds", BrowserSessions.CODE_LIFE.toSeconds());
    proxy.apiAddress().ifPresent(address -> body.addProperty("apiAddress", address.toString()));
    return Reply.created(body);
  }

  /** A code for a cookie. */
  Reply begin(Request request) throws ProblemException, IOException {
    request.allow(Set.of());
    String origin = callers.ownOrigin(request);
    BrowserSessions.Begun begun =
        browsers
            .begin(code(request.body()), origin)
            .orElseThrow(() ->
                new ProblemException(
                    401,
                    "The code was used, or is older than "
                        + BrowserSessions.CODE_LIFE.toSeconds()
                        + " s; 'l4proxy dashboard' gives another.",
                    Callers.CHALLENGE));
    return Reply.ok(shown(begun.key()))
        .with(
            "Set-Cookie",
            cookie(origin, begun.token()) + "; Max-Age=" + BrowserSessions.LIFE.toSeconds());
  }

  private static String code(Fields body) throws ProblemException {
    try {
      Optional<String> code = body.text("code");
      for (String left : body.left()) {
        throw new IllegalArgumentException(
            "There is no field " + body.name(left) + "; expected code.");
      }
      return code.orElseThrow(() -> new IllegalArgumentException("\"code\" is missing."));
    } catch (IllegalArgumentException e) {
      throw new ProblemException(400, String.valueOf(e.getMessage()));
    }
  }

  /** Scheme and port are the page's own, since the origin matches the host that was asked. */
  private static String cookie(String origin, String token) {
    boolean encrypted = origin.startsWith("https:");
    String port = origin.replaceFirst("^.*?(?::([0-9]{1,5}))?$", "$1");
    String usual = encrypted ? "443" : "80";
    return "l4proxy_"
        + (port.isEmpty() ? usual : port)
        + "="
        + token
        + "; Path=/; HttpOnly; SameSite=Strict"
        + (encrypted ? "; Secure" : "");
  }

  /** Who asks, and of which version. */
  Reply show(Request request) throws ProblemException {
    Key key = callers.key(request);
    request.allow(Set.of());
    return Reply.ok(shown(key));
  }

  private JsonObject shown(Key key) {
    JsonObject body = new JsonObject();
    body.addProperty("key", key.name());
    body.addProperty("admin", key.admin());
    body.addProperty("version", proxy.version());
    return body;
  }

  /** Ends the session of the browser that asks. */
  Reply end(Request request) throws ProblemException {
    callers.key(request);
    request.allow(Set.of());
    String origin = callers.ownOrigin(request);
    browsers.end(request.header("Cookie"));
    return Reply.done().with("Set-Cookie", cookie(origin, "") + "; Max-Age=0");
  }
}
