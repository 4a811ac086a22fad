package l4proxy.api;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import l4proxy.http.OriginRequest;
import org.jspecify.annotations.Nullable;

/**
 * A request, taken apart.
 *
 * @param method of HTTP; GET for HEAD too
 * @param path the parts between the slashes, decoded
 * @param query the parameters, decoded
 * @param headers as they came
 * @param content the body, not read yet
 */
record Request(
    String method,
    List<String> path,
    Map<String, String> query,
    Headers headers,
    InputStream content) {
  /** The longest body that is read. */
  static final int LONGEST_BODY = OriginRequest.LONGEST_BODY;

  static Request of(HttpExchange exchange) throws ProblemException {
    String method = exchange.getRequestMethod();
    try {
      return new Request(
          method.equals("HEAD") ? "GET" : method,
          path(exchange.getRequestURI().getRawPath()),
          query(exchange.getRequestURI().getRawQuery()),
          exchange.getRequestHeaders(),
          exchange.getRequestBody());
    } catch (IllegalArgumentException e) {
      throw new ProblemException(400, "The address of the request is not encoded as URLs are.");
    }
  }

  /** The first header of that name; empty when there is none. */
  String header(String name) {
    String value = headers.getFirst(name);
    return value == null ? "" : value;
  }

  private static List<String> path(@Nullable String raw) {
    List<String> parts = new ArrayList<>();
    for (String part : (raw == null ? "" : raw).replaceFirst("^/", "").split("/", -1)) {
      parts.add(URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8));
    }
    return List.copyOf(parts);
  }

  private static Map<String, String> query(@Nullable String raw) throws ProblemException {
    Map<String, String> query = new HashMap<>();
    for (String pair : raw == null || raw.isEmpty() ? new String[0] : raw.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      String value = equals < 0 ? "" : pair.substring(equals + 1);
      String before =
          query.put(
              URLDecoder.decode(name, StandardCharsets.UTF_8),
              URLDecoder.decode(value, StandardCharsets.UTF_8));
      if (before != null) {
        throw new ProblemException(400, "A query parameter is given twice; give each once.");
      }
    }
    return query;
  }

  /** Refuses parameters that mean nothing here: a filter misspelt would show everything. */
  void allow(Set<String> parameters) throws ProblemException {
    for (String each : query.keySet()) {
      if (!parameters.contains(each)) {
        throw new ProblemException(
            400,
            "There is no such query parameter here; expected "
                + String.join(", ", parameters.stream().sorted().toList())
                + ".");
      }
    }
  }

  /** Reads the body, a JSON object. */
  Fields body() throws ProblemException, IOException {
    byte[] bytes = content.readNBytes(LONGEST_BODY + 1);
    if (bytes.length > LONGEST_BODY) {
      throw new ProblemException(413, "A body is at most " + LONGEST_BODY + " bytes long.");
    }
    try {
      return Fields.parse(new String(bytes, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw new ProblemException(400, String.valueOf(e.getMessage()));
    }
  }
}
