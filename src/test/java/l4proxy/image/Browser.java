package l4proxy.image;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A headless Chromium for the tests of a class; each has pages of its own. */
final class Browser implements AutoCloseable {
  private final Program chromium;
  private final HttpClient http = HttpClient.newHttpClient();
  private final int port;

  /** Starts it; the test is skipped where there is none. */
  Browser(Path directory) throws IOException, InterruptedException {
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
    port = URI.create(listens.substring(listens.indexOf("ws://"))).getPort();
  }

  /** A new page, with nothing in it. */
  DevTools page() throws IOException, InterruptedException {
    URI made = URI.create("http://127.0.0.1:" + port + "/json/new?about:blank");
    String page =
        http.send(
                HttpRequest.newBuilder(made).PUT(BodyPublishers.noBody()).build(),
                BodyHandlers.ofString())
            .body();
    String address =
        JsonParser.parseString(page).getAsJsonObject().get("webSocketDebuggerUrl").getAsString();
    return new DevTools(URI.create(address));
  }

  @Override
  public void close() {
    http.shutdownNow();
    http.close();
    chromium.close();
  }
}
