package l4proxy.image;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** curl, told to use no proxy and to give up in time. */
final class Curl {
  private Curl() {}

  /** What an HTTP server answered. */
  record Answer(int status, String type, String body) {
    JsonObject json() {
      return JsonParser.parseString(body).getAsJsonObject();
    }
  }

  /** Runs it to its end, which must be exit code 0; what it printed. */
  static String run(Path directory, String... words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Tools.require("curl"), "-q", "-sS", "--noproxy", "*", "--max-time", "30"));
    command.addAll(Arrays.asList(words));
    return Program.run(directory, Duration.ofSeconds(40), command.toArray(String[]::new));
  }

  /** One request, and whatever status it is answered with. */
  static Answer ask(Path directory, String... words) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("-w", "\\n%{http_code} %{content_type}"));
    all.addAll(Arrays.asList(words));
    String said = run(directory, all.toArray(String[]::new));
    int end = said.lastIndexOf('\n');
    String[] last = said.substring(end + 1).split(" ", 2);
    return new Answer(Integer.parseInt(last[0]), last[1], said.substring(0, Math.max(end, 0)));
  }

  /**
   * Requests through an HTTP proxy on a port of this machine.
   *
   * @param login for the proxy, or nothing
   * @return the body, then the status of the answer, then that of the answer to CONNECT, 000 for
   *     none
   */
  static String through(Path directory, int proxy, String login, String... words)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(Tools.require("curl"), "-q", "-s", "--noproxy", "", "--max-time", "30"));
    command.addAll(List.of("-x", "http://127.0.0.1:" + proxy));
    command.addAll(login.isEmpty() ? List.of() : List.of("--proxy-user", login));
    command.addAll(List.of("-w", "%{http_code} %{http_connect}"));
    command.addAll(Arrays.asList(words));
    try (Program curl = Program.start(directory, command.toArray(String[]::new))) {
      curl.exit(Duration.ofSeconds(40));
      return curl.out().text();
    }
  }
}
