package l4proxy.api;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * The API's description, OpenAPI 3.1: the resource {@value #RESOURCE} beside this class, with the
 * program's version put in.
 *
 * @param document as it is shown
 */
record OpenApi(JsonObject document) {
  private static final String RESOURCE = "openapi.json";

  static OpenApi read(String version) {
    try (InputStream in = OpenApi.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is missing in the program");
      }
      JsonObject document =
          JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8))
              .getAsJsonObject();
      document.getAsJsonObject("info").addProperty("version", version);
      return new OpenApi(document);
    } catch (IOException e) {
      throw new IllegalStateException(RESOURCE + " cannot be read", e);
    }
  }
}
