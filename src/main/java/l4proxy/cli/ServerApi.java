package l4proxy.cli;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import l4proxy.client.ApiClient;
import l4proxy.client.RefusedException;
import l4proxy.client.Trust;
import l4proxy.net.HostPort;

/** The API of a running server, for commands: what it refuses is an exception with its sentence. */
final class ServerApi {
  private static final int MOST_PAGES = 10_000;

  private final HostPort server;
  private final Trust trust;
  private final ApiClient api;

  ServerApi(HostPort server, Trust trust) {
    this.server = server;
    this.trust = trust;
    // accepted is what the API accepted, not only TLS
    this.api = new ApiClient(server, new Trust(trust.key(), trust.pin(), pin -> {}));
  }

  /** A name as a part of a path. */
  static String part(String name) {
    return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  JsonObject get(String path) throws UsageException, FailedException, RefusedException {
    return ask("GET", path, Optional.empty());
  }

  JsonObject post(String path, JsonObject body)
      throws UsageException, FailedException, RefusedException {
    return ask("POST", path, Optional.of(body.toString()));
  }

  void delete(String path) throws UsageException, FailedException, RefusedException {
    ask("DELETE", path, Optional.empty());
  }

  /**
   * A whole list, put together from its parts.
   *
   * @param path of the list, without a query
   * @param field what the list is called
   * @return as the API returns a list that fits one part
   */
  JsonObject all(String path, String field)
      throws UsageException, FailedException, RefusedException {
    JsonArray all = new JsonArray();
    String token = "";
    for (int pages = 0; pages < MOST_PAGES; pages++) {
      JsonObject page = get(path + "?pageSize=1000&pageToken=" + part(token));
      if (!(page.get(field) instanceof JsonArray part)) {
        throw strange();
      }
      part.forEach(all::add);
      token = text(page, "nextPageToken");
      if (token.isEmpty()) {
        return whole(field, all);
      }
    }
    throw strange();
  }

  /** A list in one part. */
  static JsonObject whole(String field, JsonArray all) {
    JsonObject whole = new JsonObject();
    whole.add(field, all);
    whole.addProperty("nextPageToken", "");
    whole.addProperty("totalCount", all.size());
    return whole;
  }

  /** A field's value as text; empty when there is none. */
  static String text(JsonElement object, String field) {
    return object instanceof JsonObject fields
            && fields.get(field) instanceof JsonElement value
            && value.isJsonPrimitive()
        ? value.getAsString()
        : "";
  }

  private JsonObject ask(String method, String path, Optional<String> body)
      throws UsageException, FailedException, RefusedException {
    ApiClient.Answer answer = answer(method, path, body);
    JsonObject said = parse(answer.body().isEmpty() ? "{}" : answer.body());
    if (answer.status() < 300) {
      trust.key().ifPresent(key -> trust.onAccepted().accept(key.pin()));
      return said;
    }
    String detail = text(said, "detail");
    if (answer.status() == 400) {
      throw new UsageException(detail);
    }
    throw new FailedException(
        "The server at "
            + server
            + " refused: "
            + (detail.isEmpty() ? "status " + answer.status() : detail));
  }

  private JsonObject parse(String text) throws FailedException {
    try {
      if (JsonParser.parseString(text) instanceof JsonObject object) {
        return object;
      }
    } catch (JsonParseException notJson) {
      // said below
    }
    throw strange();
  }

  private ApiClient.Answer answer(String method, String path, Optional<String> body)
      throws FailedException, RefusedException {
    try {
      return api.request(method, path, body);
    } catch (IOException e) {
      throw new FailedException(
          "Cannot talk to the server at "
              + server
              + " ("
              + e.getMessage()
              + "): is it running, and is --svr_addr right?");
    }
  }

  /** The server is of another kind. */
  FailedException strange() {
    return new FailedException(
        "The server at " + server + " gave no answer that this version understands.");
  }
}
