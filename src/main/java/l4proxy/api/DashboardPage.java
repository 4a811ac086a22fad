package l4proxy.api;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * The dashboard: a page, its style and its script, resources beside this class, which need no key
 * and load nothing from elsewhere.
 */
final class DashboardPage {
  /** Nothing but the page's own files runs or is shown, and nobody may put it into a frame. */
  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src"
              + " 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          "Referrer-Policy",
          "no-referrer",
          "Cross-Origin-Opener-Policy",
          "same-origin",
          "Cross-Origin-Resource-Policy",
          "same-origin");

  private final Map<String, Reply> files =
      Map.of(
          "", file("dashboard.html", "text/html"),
          "dashboard.css", file("dashboard.css", "text/css"),
          "dashboard.js", file("dashboard.js", "text/javascript"));

  private static Reply file(String name, String type) {
    try (InputStream in = DashboardPage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing in the program");
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new Reply(200, type + "; charset=utf-8", text, HEADERS, null);
    } catch (IOException e) {
      throw new IllegalStateException(name + " cannot be read", e);
    }
  }

  /** One of its files; the page itself has the empty name. */
  Optional<Reply> named(String name) {
    return Optional.ofNullable(files.get(name));
  }
}
