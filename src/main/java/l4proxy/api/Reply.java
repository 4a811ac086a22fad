package l4proxy.api;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Map;

/**
 * An answer.
 *
 * @param status of HTTP
 * @param type of the body
 * @param body text, or nothing
 * @param headers beside the usual ones
 */
record Reply(int status, String type, String body, Map<String, String> headers) {
  private static final String JSON = "application/json";

  static Reply ok(JsonElement body) {
    return new Reply(200, JSON, body.toString(), Map.of());
  }

  static Reply created(JsonElement body) {
    return new Reply(201, JSON, body.toString(), Map.of());
  }

  static Reply done() {
    return new Reply(204, "", "", Map.of());
  }

  static Reply problem(int status, String detail, Map<String, String> headers) {
    JsonObject body = new JsonObject();
    body.addProperty("type", "about:blank");
    body.addProperty("title", title(status));
    body.addProperty("status", status);
    body.addProperty("detail", detail);
    return new Reply(status, "application/problem+json", body.toString(), headers);
  }

  private static String title(int status) {
    return switch (status) {
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 409 -> "Conflict";
      case 413 -> "Content Too Large";
      case 503 -> "Service Unavailable";
      default -> "Internal Server Error";
    };
  }
}
