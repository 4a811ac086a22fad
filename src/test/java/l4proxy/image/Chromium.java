package l4proxy.image;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A headless browser with nothing of its own, which uses a proxy for everything. */
final class Chromium {
  private Chromium() {}

  /** Loads a page, runs its scripts, and returns what it has become. */
  static String page(Path directory, String proxy, String url)
      throws IOException, InterruptedException {
    List<String> command =
        List.of(
            Tools.require("chromium"),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--user-data-dir=" + directory.resolve("profile"),
            "--proxy-server=" + proxy,
            "--proxy-bypass-list=<-loopback>",
            "--ignore-certificate-errors",
            "--timeout=20000",
            "--dump-dom",
            url);
    Map<String, String> environment = new TreeMap<>(System.getenv());
    environment.put("HOME", directory.toString());
    try (Program chromium = Program.start(directory, environment, command)) {
      int code = chromium.exit(Duration.ofSeconds(60));
      if (code != 0) {
        throw new AssertionError("exit code " + code + chromium.said());
      }
      return chromium.out().text();
    }
  }
}
