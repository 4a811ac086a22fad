package l4proxy.api;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The fields of one JSON object, taken out one by one; what is left over nobody asked for.
 *
 * <p>Stricter than gson: a field given twice is an error, and so is a value of another type. Every
 * fault is an {@link IllegalArgumentException} with a sentence that names the field and quotes no
 * value, which may be a secret. One thread uses it.
 */
public final class Fields {
  private static final int DEPTH = 8;

  private final JsonObject object;
  private final String path;

  private Fields(JsonObject object, String path) {
    this.object = object;
    this.path = path;
  }

  /**
   * Reads a text that is one JSON object and nothing else.
   *
   * @param text strict JSON, RFC 8259
   * @return its fields
   * @throws IllegalArgumentException when it is something else
   */
  public static Fields parse(String text) {
    try (JsonReader reader = new JsonReader(new StringReader(text))) {
      reader.setStrictness(Strictness.STRICT);
      reader.setNestingLimit(DEPTH);
      if (reader.peek() != JsonToken.BEGIN_OBJECT) {
        throw new IllegalArgumentException("It is not a JSON object.");
      }
      JsonObject object = object(reader, "");
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw new IllegalArgumentException("Something follows the JSON object.");
      }
      return new Fields(object, "");
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw new IllegalArgumentException("It is not valid JSON" + place(e) + ".");
    }
  }

  /** Where gson stopped; the rest of its message may quote the text. */
  private static String place(Exception e) {
    String message = String.valueOf(e.getMessage());
    int line = message.indexOf("line ");
    int end = message.indexOf(" path", Math.max(line, 0));
    return line < 0 || end < 0 ? "" : " (" + message.substring(line, end) + ")";
  }

  private static JsonElement element(JsonReader reader, String path) throws IOException {
    return switch (reader.peek()) {
      case BEGIN_OBJECT -> object(reader, path + ".");
      case BEGIN_ARRAY -> array(reader, path);
      case STRING -> new JsonPrimitive(reader.nextString());
      case NUMBER -> number(reader.nextString());
      case BOOLEAN -> new JsonPrimitive(reader.nextBoolean());
      default -> {
        reader.nextNull();
        yield JsonNull.INSTANCE;
      }
    };
  }

  private static JsonElement number(String text) {
    // everything else, fractions and exponents, is the value of no field
    return text.matches("-?[0-9]{1,18}")
        ? new JsonPrimitive(Long.valueOf(text))
        : JsonNull.INSTANCE;
  }

  private static JsonObject object(JsonReader reader, String path) throws IOException {
    JsonObject object = new JsonObject();
    reader.beginObject();
    while (reader.hasNext()) {
      String name = reader.nextName();
      if (object.has(name)) {
        throw new IllegalArgumentException(shown(path + name) + " is given twice.");
      }
      object.add(name, element(reader, path + name));
    }
    reader.endObject();
    return object;
  }

  private static JsonArray array(JsonReader reader, String path) throws IOException {
    JsonArray array = new JsonArray();
    reader.beginArray();
    while (reader.hasNext()) {
      array.add(element(reader, path + "[" + array.size() + "]"));
    }
    reader.endArray();
    return array;
  }

  /** A field's name in quotes, cut where a secret in the wrong place would begin. */
  private static String shown(String name) {
    String cut = name.length() <= 45 ? name : name.substring(0, 45) + "…";
    return '"' + cut.replaceAll("\\p{Cc}", "?") + '"';
  }

  /**
   * A field's name for messages.
   *
   * @param name of a field
   * @return the name in quotes, with the way to it
   */
  public String name(String name) {
    return shown(path + name);
  }

  /**
   * What was not taken yet.
   *
   * @return names in the text's order
   */
  public List<String> left() {
    return List.copyOf(object.keySet());
  }

  /**
   * Takes a text.
   *
   * @param name of the field
   * @return its value, if it is there
   */
  public Optional<String> text(String name) {
    return text(name, "a string");
  }

  /**
   * Takes a text where other things fit, too.
   *
   * @param name of the field
   * @param expected what fits, for the message
   * @return its value, if it is there
   */
  public Optional<String> text(String name, String expected) {
    return primitive(name, expected)
        .map(value -> {
          if (!value.isString()) {
            throw wrong(name, expected);
          }
          return value.getAsString();
        });
  }

  /**
   * Takes a truth.
   *
   * @param name of the field
   * @return its value, if it is there
   */
  public Optional<Boolean> truth(String name) {
    return primitive(name, "true or false")
        .map(value -> {
          if (!value.isBoolean()) {
            throw wrong(name, "true or false");
          }
          return value.getAsBoolean();
        });
  }

  /**
   * Takes a whole number.
   *
   * @param name of the field
   * @param least it may be
   * @param most it may be
   * @return its value, if it is there
   */
  public Optional<Integer> number(String name, int least, int most) {
    String expected = "a whole number from " + least + " to " + most;
    return primitive(name, expected)
        .map(value -> {
          if (!value.isNumber() || value.getAsLong() < least || value.getAsLong() > most) {
            throw wrong(name, expected);
          }
          return value.getAsInt();
        });
  }

  /**
   * Takes an array of objects.
   *
   * @param name of the field
   * @return the fields of each, if it is there
   */
  public Optional<List<Fields>> objects(String name) {
    JsonElement value = object.remove(name);
    if (value == null) {
      return Optional.empty();
    }
    if (!(value instanceof JsonArray array)) {
      throw wrong(name, "an array of objects");
    }
    List<Fields> all = new ArrayList<>();
    for (JsonElement each : array) {
      if (!(each instanceof JsonObject one)) {
        throw wrong(name, "an array of objects");
      }
      all.add(new Fields(one, path + name + "[" + all.size() + "]."));
    }
    return Optional.of(all);
  }

  /**
   * Whether a field is there and a number.
   *
   * @param name of the field
   * @return whether {@link #number} makes sense
   */
  public boolean isNumber(String name) {
    return object.get(name) instanceof JsonPrimitive value && value.isNumber();
  }

  private Optional<JsonPrimitive> primitive(String name, String expected) {
    JsonElement value = object.remove(name);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof JsonPrimitive primitive) {
      return Optional.of(primitive);
    }
    throw wrong(name, expected);
  }

  private IllegalArgumentException wrong(String name, String expected) {
    return new IllegalArgumentException(name(name) + " is not " + expected + ".");
  }
}
