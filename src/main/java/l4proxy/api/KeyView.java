package l4proxy.api;

import com.google.gson.JsonArray;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import l4proxy.auth.Key;
import l4proxy.auth.Keys;
import l4proxy.net.PortRanges;
import org.jspecify.annotations.Nullable;

/**
 * A key as the API shows it.
 *
 * @param name it was given
 * @param admin whether it is good for everything
 * @param ports that it may expose, null for all
 * @param maxServices at once, 0 for no bound
 * @param limitRate bytes a second, 0 for no bound
 * @param createdAt when it was made
 */
public record KeyView(
    String name,
    boolean admin,
    @Nullable String ports,
    int maxServices,
    int limitRate,
    Instant createdAt) {
  static KeyView of(Key key) {
    return new KeyView(
        key.name(),
        key.admin(),
        key.ports().map(PortRanges::toString).orElse(null),
        key.maxServices(),
        key.limitRate(),
        key.createdAt());
  }

  /** All keys, by name. */
  static List<KeyView> all(Keys keys) {
    return keys.list().stream()
        .map(KeyView::of)
        .sorted(Comparator.comparing(KeyView::name))
        .toList();
  }

  /**
   * All keys, as the API lists them.
   *
   * @param keys of a server
   * @return an object for each, by name
   */
  public static JsonArray json(Keys keys) {
    return Json.of(all(keys)).getAsJsonArray();
  }
}
