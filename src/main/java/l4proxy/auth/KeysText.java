package l4proxy.auth;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import l4proxy.net.PortRanges;

/**
 * What {@code keys.json} holds.
 *
 * @param pin the server the keys were made for; keys and identity are useless without each other
 * @param keys the keys, in the order they were made
 */
record KeysText(Pin pin, List<Key> keys) {
  static KeysText parse(String text) {
    JsonFields fields = JsonFields.parse(text);
    Pin pin = Pin.parse(fields.string("pin"));
    List<Key> keys = new ArrayList<>();
    for (JsonFields key : fields.objects("keys")) {
      keys.add(key(key));
    }
    fields.end();
    if (keys.size() > Keys.MAX_KEYS) {
      throw new IllegalArgumentException("it has more than " + Keys.MAX_KEYS + " keys");
    }
    return new KeysText(pin, keys);
  }

  static String text(Pin pin, Collection<Key> keys) {
    JsonArray array = new JsonArray();
    for (Key key : keys) {
      JsonObject object = new JsonObject();
      object.addProperty("name", key.name());
      object.addProperty("secretSha256", key.secretSha256());
      object.addProperty("admin", key.admin());
      key.ports().ifPresent(ports -> object.addProperty("ports", ports.toString()));
      object.addProperty("maxServices", key.maxServices());
      object.addProperty("limitRate", key.limitRate());
      object.addProperty("createdAt", key.createdAt().toString());
      array.add(object);
    }
    JsonObject whole = new JsonObject();
    whole.addProperty("pin", pin.text());
    whole.add("keys", array);
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(whole)
        + "\n";
  }

  private static Key key(JsonFields fields) {
    Key key =
        new Key(
            fields.string("name"),
            fields.string("secretSha256"),
            fields.bool("admin"),
            fields.has("ports")
                ? Optional.of(PortRanges.parse(fields.string("ports")))
                : Optional.empty(),
            fields.integer("maxServices"),
            fields.has("limitRate") ? fields.integer("limitRate") : 0,
            instant(fields.string("createdAt")));
    fields.end();
    return key;
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "\"createdAt\" is not a time such as 2025-01-31T12:00:00Z");
    }
  }
}
