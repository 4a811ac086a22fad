package l4proxy.auth;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One object of a strict JSON text, its fields taken out one by one and then checked for others.
 * Every fault is an {@link IllegalArgumentException} with a sentence that quotes no value, because
 * values may be secrets. Unknown fields are faults: one that a later version wrote may be a limit,
 * and a limit must not vanish because an older version was started.
 *
 * <p>gson's own object mapping is not used: it takes a field given twice, leaves a missing one null
 * and quotes what it cannot read.
 */
final class JsonFields {
  private static final int MAX_DEPTH = 8;
  private static final Pattern WHOLE_NUMBER = Pattern.compile("-?[0-9]{1,18}");
  private static final Pattern SHOWABLE = Pattern.compile("[A-Za-z0-9_]{1,32}");

  private final Map<String, @Nullable Object> left;

  private JsonFields(Map<String, @Nullable Object> fields) {
    this.left = fields;
  }

  static JsonFields parse(String text) {
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      reader.setNestingLimit(MAX_DEPTH);
      @Nullable Object value = value(reader);
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("text follows the JSON object");
      }
      return fields(value, "the whole");
    } catch (IOException | IllegalStateException e) {
      throw new IllegalArgumentException(
          text.isBlank() ? "it is empty" : "it is not valid JSON: cut off, or edited by hand?");
    }
  }

  /** The names of the fields not taken yet, in the order of the text. */
  Set<String> names() {
    return new LinkedHashMap<>(left).keySet();
  }

  boolean has(String name) {
    return left.containsKey(name);
  }

  String string(String name) {
    if (take(name) instanceof String text) {
      return text;
    }
    throw new IllegalArgumentException("\"" + name + "\" is not a string");
  }

  boolean bool(String name) {
    if (take(name) instanceof Boolean bool) {
      return bool;
    }
    throw new IllegalArgumentException("\"" + name + "\" is neither true nor false");
  }

  int integer(String name) {
    if (take(name) instanceof Long number && number == number.intValue()) {
      return number.intValue();
    }
    throw new IllegalArgumentException("\"" + name + "\" is not a whole number in range");
  }

  JsonFields object(String name) {
    return fields(take(name), "\"" + name + "\"");
  }

  List<JsonFields> objects(String name) {
    if (!(take(name) instanceof List<?> elements)) {
      throw new IllegalArgumentException("\"" + name + "\" is not an array");
    }
    List<JsonFields> objects = new ArrayList<>();
    for (Object element : elements) {
      objects.add(fields(element, "an element of \"" + name + "\""));
    }
    return objects;
  }

  /** Checks that every field has been taken. */
  void end() {
    for (String name : left.keySet()) {
      throw new IllegalArgumentException(
          SHOWABLE.matcher(name).matches()
              ? "it has an unknown field \"" + name + "\""
              : "it has an unknown field");
    }
  }

  private @Nullable Object take(String name) {
    if (!left.containsKey(name)) {
      throw new IllegalArgumentException("\"" + name + "\" is missing");
    }
    return left.remove(name);
  }

  @SuppressWarnings("unchecked") // every Map here was made by object() below
  private static JsonFields fields(@Nullable Object value, String what) {
    if (value instanceof Map<?, ?> map) {
      return new JsonFields((Map<String, @Nullable Object>) map);
    }
    throw new IllegalArgumentException(what + " is not a JSON object");
  }

  private static @Nullable Object value(JsonReader reader) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> map(reader);
      case BEGIN_ARRAY -> list(reader);
      case STRING -> reader.nextString();
      case NUMBER -> number(reader.nextString());
      case BOOLEAN -> reader.nextBoolean();
      case NULL -> {
        reader.nextNull();
        yield null;
      }
      default -> throw new IllegalArgumentException("it is not valid JSON");
    };
  }

  private static Map<String, @Nullable Object> map(JsonReader reader) throws IOException {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (map.containsKey(name)) {
        throw new IllegalArgumentException("a field is given twice");
      }
      map.put(name, value(reader));
    }
    reader.endObject();
    return map;
  }

  private static List<@Nullable Object> list(JsonReader reader) throws IOException {
    List<@Nullable Object> list = new ArrayList<>();
    reader.beginArray();
    while (reader.hasNext()) {
      list.add(value(reader));
    }
    reader.endArray();
    return list;
  }

  private static Object number(String text) {
    // Everything else (fractions, exponents, thousands of digits) is a value of no field.
    return WHOLE_NUMBER.matcher(text).matches() ? (Object) Long.valueOf(text) : Double.NaN;
  }
}
