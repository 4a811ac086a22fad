package l4proxy.api;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.TreeMap;
import l4proxy.http.Answer;
import org.jspecify.annotations.Nullable;

/**
 * An answer.
 *
 * @param status of HTTP
 * @param type of the body
 * @param body text, or nothing
 * @param headers beside the usual ones
 * @param stream the body instead of the text, if there is one
 */
record Reply(
    int status, String type, String body, Map<String, String> headers, @Nullable Stream stream) {
  private static final String JSON = "application/json";

  /** A body that has no end yet; closed by who answers. */
  interface Stream extends AutoCloseable {
    /** Writes it as it comes; returns at its end. */
    void write(OutputStream out) throws IOException, InterruptedException;

    @Override
    void close();
  }

  static Reply ok(JsonElement body) {
    return new Reply(200, JSON, body.toString(), Map.of(), null);
  }

  static Reply created(JsonElement body) {
    return new Reply(201, JSON, body.toString(), Map.of(), null);
  }

  static Reply done() {
    return new Reply(204, "", "", Map.of(), null);
  }

  static Reply text(String type, String body) {
    return new Reply(200, type, body, Map.of(), null);
  }

  static Reply stream(String type, Stream stream) {
    return new Reply(200, type, "", Map.of(), stream);
  }

  /** The same with one header more. */
  Reply with(String header, String value) {
    Map<String, String> all = new TreeMap<>(headers);
    all.put(header, value);
    return new Reply(status, type, body, all, stream);
  }

  static Reply problem(int status, String detail, Map<String, String> headers) {
    String body = Answer.problem(status, detail);
    return new Reply(status, "application/problem+json", body, headers, null);
  }
}
