package l4proxy.api;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import java.time.Instant;

/** Records as JSON: times as in ISO 8601, what is absent left out. */
final class Json {
  private static final Gson GSON =
      new GsonBuilder()
          .registerTypeAdapter(
              Instant.class,
              (JsonSerializer<Instant>) (time, type, context) -> new JsonPrimitive(time.toString()))
          .disableHtmlEscaping()
          .create();

  private Json() {}

  static JsonElement of(Object value) {
    return GSON.toJsonTree(value);
  }
}
