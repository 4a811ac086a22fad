package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Whether a page can be used by everybody: what WCAG 2.2, A and AA, asks for and a program can see.
 * Labels, references, headings, contrast, sizes by a script in the page; names and roles as the
 * browser hands them to a screen reader; and the keyboard by pressing its keys.
 */
final class Accessibility {
  private static final Set<String> NAMED =
      Set.of(
          "button",
          "checkbox",
          "dialog",
          "image",
          "link",
          "meter",
          "navigation",
          "region",
          "searchbox",
          "spinbutton",
          "textbox");

  /** What the focus is on; says what is wrong with how it is shown. */
  private static final String FOCUSED =
      """
      (() => {
        const node = document.activeElement;
        window.reached ||= new Set();
        if (node === document.body) return ""; // between the last and the first
        if (window.reached.has(node)) return "round";
        window.reached.add(node);
        const style = getComputedStyle(node);
        const place = node.getBoundingClientRect();
        const inside = place.left >= 0 && place.top >= 0
            && place.right <= innerWidth + 1 && (place.bottom <= innerHeight + 1 || place.height > innerHeight);
        const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        return marked && inside ? "" : node.outerHTML.slice(0, 80) + (marked ? " is outside" : " is not marked");
      })()
      """;

  private static final String LEFT_OUT =
      """
      JSON.stringify([...document.querySelectorAll("a[href], button:enabled, input:enabled, [tabindex='0']")]
          .filter((node) => node.checkVisibility({visibilityProperty: true}) && !window.reached.has(node))
          .map((node) => node.outerHTML.slice(0, 80)))
      """;

  private Accessibility() {}

  /** In both schemes of colours, on a desk and on a phone. */
  static void check(DevTools browser, String what) throws IOException, InterruptedException {
    for (String scheme : List.of("light", "dark")) {
      for (int width : List.of(1400, 360)) {
        browser.look(scheme, width, 900);
        String where = what + ", " + scheme + ", " + width + " wide";
        assertEquals("[]", browser.value("JSON.stringify(" + script() + ")"), where);
        roles(browser, where);
      }
    }
    browser.look("light", 1400, 1000);
  }

  private static String script() throws IOException {
    try (InputStream in = Accessibility.class.getResourceAsStream("accessibility.js")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Everything has a name; how many there are of each role. */
  static Map<String, Integer> roles(DevTools browser, String where) throws InterruptedException {
    Map<String, Integer> roles = new TreeMap<>();
    for (JsonElement each : browser.accessibilityTree()) {
      JsonObject node = each.getAsJsonObject();
      if (!node.get("ignored").getAsBoolean()) {
        String role = node.getAsJsonObject("role").get("value").getAsString();
        String name =
            node.has("name") ? node.getAsJsonObject("name").get("value").getAsString() : "";
        assertTrue(!NAMED.contains(role) || !name.isBlank(), where + ": no name: " + node);
        roles.merge(role, 1, Integer::sum);
      }
    }
    return roles;
  }

  /** Goes round by the Tab key: everything is reached, seen and marked when it has the focus. */
  static void tabThrough(DevTools browser) throws InterruptedException {
    browser.value("window.reached = undefined, document.activeElement.blur()");
    int presses = 0;
    String said = "";
    while (!said.equals("round")) {
      assertEquals("", said);
      assertTrue(presses++ < 200, "no end of it");
      browser.press("Tab");
      said = browser.value(FOCUSED);
    }
    assertEquals("[]", browser.value(LEFT_OUT));
  }

  /** Presses Tab until the focus is there. */
  static void tabTo(DevTools browser, String selector) throws InterruptedException {
    for (int i = 0; i < 200; i++) {
      if (browser.value("document.activeElement.matches(\"" + selector + "\")").equals("true")) {
        return;
      }
      browser.press("Tab");
    }
    throw new AssertionError("the Tab key does not lead to " + selector);
  }
}
