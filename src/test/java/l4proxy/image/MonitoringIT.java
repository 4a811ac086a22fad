package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard and the alerts name metrics that there are, in queries that Prometheus takes. */
@Tag("beside")
@Timeout(60)
final class MonitoringIT {
  private static final Path DASHBOARD = Path.of("src/dist/grafana.json");
  private static final Path ALERTS = Path.of("src/dist/alerts.yml");
  private static final Path ALERTS_TEST = Path.of("src/test/resources/alerts-test.yml");
  private static final Pattern METRIC = Pattern.compile("l4proxy_[a-z_]+");

  @TempDir private Path directory;

  private static Set<String> found(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** What a server with a service says, as Prometheus reads it. */
  private String metrics() throws IOException, InterruptedException {
    try (Account account = new Account(directory.resolve("account"));
        EchoBackend backend = new EchoBackend()) {
      account.server();
      Users.isServed(Account.publicPort(account.client(backend.port())));
      return Curl.ask(
              directory,
              "-k",
              "https://" + account.control() + "/metrics",
              "-H",
              "Authorization: Bearer " + account.rememberedKey())
          .body();
    }
  }

  private static List<String> queries() throws IOException {
    List<String> queries = new ArrayList<>();
    for (JsonElement panel :
        JsonParser.parseString(Files.readString(DASHBOARD))
            .getAsJsonObject()
            .getAsJsonArray("panels")) {
      for (JsonElement target : panel.getAsJsonObject().getAsJsonArray("targets")) {
        queries.add(target.getAsJsonObject().get("expr").getAsString());
      }
    }
    assertTrue(queries.size() > 10, queries.toString());
    return queries;
  }

  @Test
  void everyMetricNamedIsThereAndEachThereIsDocumented() throws IOException, InterruptedException {
    String metrics = metrics();
    Set<String> there = found(METRIC, metrics);
    Set<String> named = found(METRIC, String.join("\n", queries()));
    named.addAll(found(METRIC, Files.readString(ALERTS)));
    named.removeAll(there);
    assertEquals(Set.of(), named, "not among the metrics");

    String readme = Files.readString(Path.of("README.md"));
    Set<String> undocumented =
        metrics
            .lines()
            .filter(line -> line.startsWith("# TYPE "))
            .map(line -> line.split(" ")[2].substring("l4proxy_".length()))
            .filter(
                name -> !readme.contains("`" + name + "`") && !readme.contains("`" + name + "{"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(Set.of(), undocumented, "not in README");
  }

  @Test
  void prometheusTakesTheAlertsAndRaisesEachWhenItIsDue() throws IOException, InterruptedException {
    String promtool = Tools.require("promtool");
    Path here = Path.of("").toAbsolutePath();
    Program.run(here, Duration.ofSeconds(20), promtool, "check", "rules", ALERTS.toString());
    Program.run(here, Duration.ofSeconds(20), promtool, "test", "rules", ALERTS_TEST.toString());
    Set<String> untested = found(Pattern.compile("(?<=alert: )\\w+"), Files.readString(ALERTS));
    assertTrue(untested.size() > 5, untested.toString());
    untested.removeAll(
        found(
            Pattern.compile("(?<=alertname: )\\w+(?=\\n *exp_alerts:)"),
            Files.readString(ALERTS_TEST)));
    assertEquals(Set.of(), untested, "no test raises it");
  }

  @Test
  void prometheusTakesTheQueriesOfTheDashboard() throws IOException, InterruptedException {
    String promtool = Tools.require("promtool");
    StringBuilder rules = new StringBuilder("groups:\n  - name: dashboard\n    rules:\n");
    List<String> queries = queries();
    for (int i = 0; i < queries.size(); i++) {
      String query = queries.get(i).replace("$__rate_interval", "1m").replace("'", "''");
      rules.append("      - record: query:").append(i).append('\n');
      rules.append("        expr: '").append(query).append("'\n");
    }
    Path file = Files.writeString(directory.resolve("rules.yml"), rules);
    Program.run(directory, Duration.ofSeconds(20), promtool, "check", "rules", file.toString());
  }
}
