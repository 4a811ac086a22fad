package l4proxy.image;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A page of a browser, driven over the DevTools protocol; {@link #close()} closes it. */
final class DevTools implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Their codes, which say what a key does. */
  private static final Map<String, Integer> KEYS = Map.of("Tab", 9, "Enter", 13, "Escape", 27);

  private final HttpClient http = HttpClient.newHttpClient();
  private final BlockingQueue<JsonObject> answers = new LinkedBlockingQueue<>();
  private final WebSocket socket;
  private int last;

  /** Of a page that is there, in a browser that has no cookies from now on. */
  DevTools(URI address) throws InterruptedException {
    socket = http.newWebSocketBuilder().buildAsync(address, new Answers()).join();
    call("Page.enable", new JsonObject());
    call("Network.clearBrowserCookies", new JsonObject());
  }

  /** Puts answers together from their parts, and leaves events out. */
  private final class Answers implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
      text.append(part);
      if (isLast) {
        JsonObject message = JsonParser.parseString(text.toString()).getAsJsonObject();
        text.setLength(0);
        if (message.has("id")) {
          answers.add(message);
        }
      }
      from.request(1);
      return null;
    }
  }

  private JsonObject call(String method, JsonObject parameters) throws InterruptedException {
    JsonObject request = new JsonObject();
    request.addProperty("id", ++last);
    request.addProperty("method", method);
    request.add("params", parameters);
    socket.sendText(request.toString(), true).join();
    JsonObject answer = answers.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    if (answer == null || answer.get("id").getAsInt() != last || !answer.has("result")) {
      throw new AssertionError(method + " was answered: " + answer);
    }
    return answer.getAsJsonObject("result");
  }

  private JsonObject call(String method, String name, String value) throws InterruptedException {
    JsonObject parameters = new JsonObject();
    parameters.addProperty(name, value);
    return call(method, parameters);
  }

  /** Loads a page; its scripts go on for themselves. */
  void go(String url) throws InterruptedException {
    call("Page.navigate", "url", url);
  }

  /** Has a script run in each page before its own do. */
  void before(String script) throws InterruptedException {
    call("Page.addScriptToEvaluateOnNewDocument", "source", script);
  }

  /** What an expression comes to in the page, as text. */
  String value(String expression) throws InterruptedException {
    JsonObject result = call("Runtime.evaluate", "expression", "String(" + expression + ")");
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(expression + " throws " + result.get("exceptionDetails"));
    }
    return result.getAsJsonObject("result").get("value").getAsString();
  }

  /** Waits until an expression is true in the page. */
  void await(String expression) {
    Awaitility.await(expression)
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(() -> value(expression).equals("true"));
  }

  /** How the page is shown: a scheme of colours, and how wide. */
  void look(String scheme, int width, int height) throws InterruptedException {
    JsonObject media =
        JsonParser.parseString(
                "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"" + scheme + "\"}]}")
            .getAsJsonObject();
    call("Emulation.setEmulatedMedia", media);
    JsonObject size = new JsonObject();
    size.addProperty("width", width);
    size.addProperty("height", height);
    size.addProperty("deviceScaleFactor", 1);
    size.addProperty("mobile", width < 600);
    call("Emulation.setDeviceMetricsOverride", size);
  }

  /** A picture of the page, as PNG. */
  byte[] picture() throws InterruptedException {
    String data = call("Page.captureScreenshot", "format", "png").get("data").getAsString();
    return Base64.getDecoder().decode(data);
  }

  /** Presses a key and lets it go: {@code Tab}, {@code Enter} or {@code Escape}. */
  void press(String key) throws InterruptedException {
    JsonObject down = new JsonObject();
    down.addProperty("key", key);
    down.addProperty("code", key);
    down.addProperty("windowsVirtualKeyCode", KEYS.get(key));
    down.addProperty("type", key.equals("Enter") ? "keyDown" : "rawKeyDown");
    if (key.equals("Enter")) {
      down.addProperty("text", "\r");
    }
    call("Input.dispatchKeyEvent", down);
    down.remove("text");
    down.addProperty("type", "keyUp");
    call("Input.dispatchKeyEvent", down);
  }

  /** The page as the browser describes it to a screen reader: a node has a role and a name. */
  JsonArray accessibilityTree() throws InterruptedException {
    return call("Accessibility.getFullAXTree", new JsonObject()).getAsJsonArray("nodes");
  }

  /** The cookies of the page's origin, as the protocol tells of them. */
  String cookies() throws InterruptedException {
    return call("Network.getCookies", new JsonObject()).toString();
  }

  @Override
  public void close() throws InterruptedException {
    call("Page.close", new JsonObject());
    socket.abort();
    http.shutdownNow();
    http.close();
  }
}
