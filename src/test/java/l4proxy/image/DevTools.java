package l4proxy.image;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A headless browser with one page, driven over the DevTools protocol. */
final class DevTools implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /** Their codes, which say what a key does. */
  private static final Map<String, Integer> KEYS = Map.of("Tab", 9, "Enter", 13, "Escape", 27);

  private final Program chromium;
  private final HttpClient http = HttpClient.newHttpClient();
  private final BlockingQueue<JsonObject> answers = new LinkedBlockingQueue<>();
  private final WebSocket socket;
  private int last;

  /** Starts it; the test is skipped where there is no Chromium. */
  DevTools(Path directory) throws IOException, InterruptedException {
    Map<String, String> environment = new TreeMap<>(System.getenv());
    environment.put("HOME", directory.toString());
    chromium =
        Program.start(
            directory,
            environment,
            List.of(
                Tools.require("chromium"),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--ignore-certificate-errors",
                "--remote-debugging-port=0",
                "--window-size=1400,1000",
                "--user-data-dir=" + directory.resolve("profile")));
    String listens = chromium.awaitErr("DevTools listening on ").text();
    int port = URI.create(listens.substring(listens.indexOf("ws://"))).getPort();
    URI page = URI.create("http://127.0.0.1:" + port + "/json/new?about:blank");
    String made =
        http.send(
                HttpRequest.newBuilder(page).PUT(BodyPublishers.noBody()).build(),
                BodyHandlers.ofString())
            .body();
    String address =
        JsonParser.parseString(made).getAsJsonObject().get("webSocketDebuggerUrl").getAsString();
    socket = http.newWebSocketBuilder().buildAsync(URI.create(address), new Answers()).join();
    call("Page.enable", new JsonObject());
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
  public void close() {
    socket.abort();
    http.shutdownNow();
    http.close();
    chromium.close();
  }
}
