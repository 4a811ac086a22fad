package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import l4proxy.DocPage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The manifests for Kubernetes, by its own schemas and by the program. */
@Tag("beside")
@Timeout(60)
final class KubernetesIT {
  private static final Path MANIFESTS = Path.of("src/dist/kubernetes");

  /** As much of kubectl as README's commands need, for a cluster whose one pod is this machine. */
  private static final String KUBECTL =
      """
      #!/bin/sh
      case "$1 $2 $3" in
        "apply -f "*) cat "$SOURCES/$3" >> applied ;;
        "create secret generic") echo "$4 ${5#--from-literal=}" >> secrets ;;
        "exec deployment/"*" --") grep -qx "  name: ${2#deployment/}" applied && shift 3 && exec "$@" ;;
        *) echo "what is kubectl $*?" >&2; exit 1 ;;
      esac
      """;

  @TempDir private Path directory;

  @Test
  void manifestsKeepToTheSchemas() throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(Tools.require("kubernetes-validate"), "--strict"));
    try (Stream<Path> files = Files.list(MANIFESTS)) {
      files.map(Path::toString).sorted().forEach(command::add);
    }
    assertTrue(command.size() > 4, command.toString());
    Program.run(
        Path.of("").toAbsolutePath(), Duration.ofSeconds(40), command.toArray(String[]::new));
  }

  private static List<String> arguments(String file) throws IOException {
    String line =
        Files.readAllLines(MANIFESTS.resolve(file)).stream()
            .filter(each -> each.strip().startsWith("args: ["))
            .findFirst()
            .orElseThrow();
    String words = line.substring(line.indexOf('[') + 1, line.lastIndexOf(']'));
    return Stream.of(words.split(",")).map(word -> word.strip().replace("\"", "")).toList();
  }

  @Test
  void programTakesTheArgumentsAndAnswersTheProbes() throws IOException, InterruptedException {
    try (Account account = new Account(directory.resolve("account"))) {
      List<String> client = new ArrayList<>(arguments("client-sidecar.yaml"));
      client.add("--check_config");
      Program check = account.l4proxy(client.toArray(String[]::new));
      assertEquals(0, check.exit(), check.said());

      List<String> server = new ArrayList<>(arguments("server.yaml"));
      server.addAll(List.of("--ctl_addr", account.control(), "--api_addr", "none"));
      Program started = account.l4proxy(Map.of(), server.toArray(String[]::new));
      started.awaitErr(" ready; l4proxy ");
      for (String probe : List.of("/healthz", "/readyz")) {
        assertTrue(Files.readString(MANIFESTS.resolve("server.yaml")).contains("path: " + probe));
        Curl.Answer answer = Curl.ask(directory, "-k", "https://" + account.control() + probe);
        assertEquals(200, answer.status(), answer.body());
      }
    }
  }

  @Test
  void commandsOfReadmeFitTheFilesAndTheProgram() throws IOException, InterruptedException {
    Path programs = Files.createDirectory(directory.resolve("programs"));
    Path kubectl = Files.writeString(programs.resolve("kubectl"), KUBECTL);
    assertTrue(kubectl.toFile().setExecutable(true));
    String commands =
        DocPage.read(Path.of("README.md")).blocks().stream()
            .filter(block -> block.where().contains("KubernetesIT"))
            .map(block -> String.join("\n", block.commands()))
            .collect(Collectors.joining("\n"));
    try (Account account = new Account(directory.resolve("account"))) {
      account.server();
      Map<String, String> here =
          Map.of(
              "PATH",
              Account.path(programs),
              "SOURCES",
              Path.of("").toAbsolutePath().toString(),
              "L4PROXY_SVR_ADDR",
              account.control());
      Program typed = account.start(here, List.of("sh", "-ec", commands));
      assertEquals(0, typed.exit(), typed.said());
      Path work = directory.resolve("account/work");
      String sidecar = Files.readString(MANIFESTS.resolve("client-sidecar.yaml"));
      assertEquals(
          Files.readString(MANIFESTS.resolve("server.yaml")) + sidecar,
          Files.readString(work.resolve("applied")));
      String[] secret = Files.readString(work.resolve("secrets")).strip().split("[ =]");
      assertEquals(3, secret.length);
      String wanted = "secretKeyRef: {name: " + secret[0] + ", key: " + secret[1] + "}";
      assertTrue(sidecar.contains(wanted), wanted);
      Account.publicPort(account.client(Map.of(secret[1], secret[2]), 80));
    }
  }
}
