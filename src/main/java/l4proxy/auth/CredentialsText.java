package l4proxy.auth;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import l4proxy.auth.Credentials.Entry;
import l4proxy.net.HostPort;

/** What a credentials file holds, as text and back. Faults quote neither keys nor other values. */
final class CredentialsText {
  private CredentialsText() {}

  static Map<HostPort, Entry> parse(String text) {
    Map<HostPort, Entry> entries = new LinkedHashMap<>();
    JsonFields fields = JsonFields.parse(text);
    for (String name : fields.names()) {
      HostPort server = server(name);
      if (entries.put(server, entry(fields.object(name))) != null) {
        throw new IllegalArgumentException("there are two entries for " + server);
      }
    }
    return entries;
  }

  static String text(Map<HostPort, Entry> entries) {
    JsonObject whole = new JsonObject();
    entries.forEach((server, entry) -> {
      JsonObject object = new JsonObject();
      entry.key().ifPresent(key -> object.addProperty("key", key.text()));
      entry.pin().ifPresent(pin -> object.addProperty("pin", pin.text()));
      whole.add(server.toString(), object);
    });
    return new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create().toJson(whole)
        + "\n";
  }

  private static HostPort server(String name) {
    try {
      return HostPort.parse(name, -1);
    } catch (IllegalArgumentException e) {
      // Without the name: whoever edited the file may have put a key in its place.
      throw new IllegalArgumentException("an entry's name is not host:port");
    }
  }

  private static Entry entry(JsonFields fields) {
    Entry entry =
        new Entry(
            fields.has("key") ? Optional.of(JoinKey.parse(fields.string("key"))) : Optional.empty(),
            fields.has("pin") ? Optional.of(Pin.parse(fields.string("pin"))) : Optional.empty());
    fields.end();
    return entry;
  }
}
