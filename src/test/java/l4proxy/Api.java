package l4proxy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import l4proxy.api.ApiServer;
import l4proxy.api.Contract;

/** The API of a pair's server; every answer is held against its own description. */
final class Api implements AutoCloseable {
  private final ApiServer server;
  private final Contract contract = Contract.ofProgram();
  private final HttpClient http = HttpClient.newHttpClient();

  Api(ProxyPair pair) throws IOException {
    this.server = pair.api();
  }

  /** An answer, and how long it took to come. */
  record Answer(int status, String body, Duration took) {
    JsonObject json() {
      return JsonParser.parseString(body).getAsJsonObject();
    }

    /** One field of each entry of a list. */
    List<String> each(String list, String field) {
      List<String> all = new ArrayList<>();
      for (JsonElement entry : json().getAsJsonArray(list)) {
        all.add(entry.getAsJsonObject().get(field).getAsString());
      }
      return all;
    }
  }

  int port() {
    return server.address().getPort();
  }

  Answer ask(String method, String path, String key, byte[] body) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path))
            .timeout(Duration.ofSeconds(20))
            .method(
                method,
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    if (!key.isEmpty()) {
      request.header("Authorization", "Bearer " + key);
    }
    long began = System.nanoTime();
    HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
    Duration took = Duration.ofNanos(System.nanoTime() - began);
    String type = response.headers().firstValue("Content-Type").orElse("");
    contract.check(method, path, response.statusCode(), type, response.body());
    return new Answer(response.statusCode(), response.body(), took);
  }

  Answer ask(String method, String path, String key) throws Exception {
    return ask(method, path, key, new byte[0]);
  }

  Answer get(String path, String key) throws Exception {
    return ask("GET", path, key);
  }

  @Override
  public void close() {
    http.close();
    server.close();
  }
}
