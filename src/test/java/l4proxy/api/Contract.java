package l4proxy.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.net.URI;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/**
 * An OpenAPI description that answers are held against, with the part of JSON Schema that this
 * program's uses; a word of it that is not understood is a failure, so that none is passed over.
 */
public final class Contract {
  private static final Set<String> WORDS_WITHOUT_A_RULE =
      Set.of("description", "default", "contentMediaType");

  private final JsonObject document;

  public Contract(JsonObject document) {
    this.document = document;
  }

  /** The one of this program. */
  public static Contract ofProgram() {
    return new Contract(OpenApi.read("test").document());
  }

  /** All paths, as templates, with what they take. */
  public Map<String, JsonElement> paths() {
    return document.getAsJsonObject("paths").asMap();
  }

  /**
   * Holds an answer against the description. What no operation is described for must be a problem.
   */
  public void check(String method, String path, int status, String type, String body) {
    String where = method + " " + path + " " + status;
    JsonObject operation = operation(method, path.replaceFirst("[?].*", ""));
    JsonObject answer;
    if (operation == null) {
      assertTrue(status == 404 || status == 405, where + " is not described");
      answer = at("/components/responses/NotFound");
    } else {
      JsonObject described = operation.getAsJsonObject("responses");
      assertTrue(described.has(String.valueOf(status)), where + " is not described: " + body);
      answer = resolved(described.getAsJsonObject(String.valueOf(status)));
    }
    JsonObject content = answer.getAsJsonObject("content");
    if (content == null) {
      assertEquals("", body, where);
      return;
    }
    JsonObject media = content.getAsJsonObject(type.replaceFirst(";.*", ""));
    assertNotNull(media, where + " is of type " + type + ", expected one of " + content.keySet());
    JsonObject schema = media.getAsJsonObject("schema");
    validate(
        type.contains("json") ? JsonParser.parseString(body) : new JsonPrimitive(body),
        schema,
        where);
    if (status >= 400) {
      assertEquals(
          status,
          JsonParser.parseString(body).getAsJsonObject().get("status").getAsInt(),
          where + " says another status in its problem");
    }
  }

  private JsonObject operation(String method, String path) {
    for (Map.Entry<String, JsonElement> each : paths().entrySet()) {
      JsonObject taken = each.getValue().getAsJsonObject();
      String verb = method.toLowerCase(java.util.Locale.ROOT);
      if (path.matches(each.getKey().replaceAll("[{][a-z]+[}]", "[^/]+")) && taken.has(verb)) {
        return taken.getAsJsonObject(verb);
      }
    }
    return null;
  }

  private JsonObject at(String pointer) {
    JsonObject found = document;
    for (String step : pointer.substring(1).split("/")) {
      found = found.getAsJsonObject(step);
      assertNotNull(found, pointer + " leads nowhere");
    }
    return found;
  }

  private JsonObject resolved(JsonObject object) {
    return object.has("$ref") ? at(object.get("$ref").getAsString().substring(1)) : object;
  }

  /** A part of the description's components, by name. */
  public JsonObject schema(String name) {
    return at("/components/schemas/" + name);
  }

  /** Fails unless the value fits the schema. */
  public void validate(JsonElement value, JsonObject schema, String where) {
    for (Map.Entry<String, JsonElement> word : schema.entrySet()) {
      if (!WORDS_WITHOUT_A_RULE.contains(word.getKey())) {
        rule(value, word.getKey(), word.getValue(), schema, where);
      }
    }
  }

  private void rule(
      JsonElement value, String word, JsonElement rule, JsonObject schema, String where) {
    String said = where + ": " + value + " does not fit " + word + " " + rule;
    switch (word) {
      case "$ref" -> validate(value, at(rule.getAsString().substring(1)), where);
      case "type" -> assertTrue(isOf(value, rule.getAsString()), said);
      case "const" -> assertEquals(rule, value, said);
      case "enum" -> assertTrue(rule.getAsJsonArray().contains(value), said);
      case "pattern" ->
          assertTrue(
              java.util.regex.Pattern.compile(rule.getAsString())
                  .matcher(value.getAsString())
                  .find(),
              said);
      case "minimum" -> assertTrue(number(value).compareTo(number(rule)) >= 0, said);
      case "maximum" -> assertTrue(number(value).compareTo(number(rule)) <= 0, said);
      case "maxItems" -> assertTrue(value.getAsJsonArray().size() <= rule.getAsInt(), said);
      case "format" -> format(value.getAsString(), rule.getAsString());
      case "items" ->
          value
              .getAsJsonArray()
              .forEach(each -> validate(each, rule.getAsJsonObject(), where + " item"));
      case "required" ->
          ((JsonArray) rule)
              .forEach(name -> assertTrue(value.getAsJsonObject().has(name.getAsString()), said));
      case "properties" -> properties(value.getAsJsonObject(), rule.getAsJsonObject(), where);
      case "additionalProperties" ->
          assertTrue(
              rule.getAsBoolean()
                  || schema
                      .getAsJsonObject("properties")
                      .keySet()
                      .containsAll(value.getAsJsonObject().keySet()),
              said);
      default -> fail("the schema has a word that this check does not know: " + word);
    }
  }

  private void properties(JsonObject value, JsonObject schemas, String where) {
    for (Map.Entry<String, JsonElement> each : value.entrySet()) {
      if (schemas.has(each.getKey())) {
        validate(
            each.getValue(), schemas.getAsJsonObject(each.getKey()), where + " " + each.getKey());
      }
    }
  }

  private static BigDecimal number(JsonElement value) {
    return value.getAsBigDecimal();
  }

  private static boolean isOf(JsonElement value, String type) {
    JsonPrimitive primitive = value instanceof JsonPrimitive p ? p : new JsonPrimitive("");
    return switch (type) {
      case "object" -> value.isJsonObject();
      case "array" -> value.isJsonArray();
      case "string" -> value.isJsonPrimitive() && primitive.isString();
      case "boolean" -> primitive.isBoolean();
      case "number" -> primitive.isNumber();
      case "integer" -> primitive.isNumber() && number(value).stripTrailingZeros().scale() <= 0;
      default -> fail("no type " + type);
    };
  }

  private static void format(String value, String format) {
    switch (format) {
      case "date-time" -> Instant.parse(value);
      case "uri-reference" -> URI.create(value);
      default -> fail("no format " + format);
    }
  }
}
