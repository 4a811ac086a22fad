package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import l4proxy.DocPage;
import l4proxy.EchoBackend;
import l4proxy.lab.Lab;
import l4proxy.lab.Namespace;
import l4proxy.net.Sockets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * README's commands for Docker, with a stand-in for it: the program takes its words, the ports that
 * are published are those it listens on, the volume is the Dockerfile's, the key comes to it.
 * {@link ContainersIT} has real containers, where there is an engine.
 */
@Tag("beside")
@Timeout(60)
final class DockerIT {
  /** As much of docker as README needs: a container is a process, and goes on with its shell. */
  private static final String DOCKER =
      """
      #!/bin/sh
      unknown() { echo "what is docker $*?" >&2; exit 1; }
      case $1 in
        build) [ "$*" = "build -t l4proxy ." ] && exec test -f "$SOURCES/Dockerfile" ;;
        exec) [ "$2" = server ] && shift 2 && exec "$@" ;;
        run)
          given=
          while shift && [ "$1" != l4proxy ]; do
            case $1 in
              -d|--read-only) continue ;;
              --name) ;;
              -p) [ "${2%:*}" = "${2#*:}" ] || unknown "$*" ;;
              -v) grep -qx "VOLUME ${2#*:}" "$SOURCES/Dockerfile" || unknown "$*" ;;
              -e) given=$2 ;;
              *) unknown "$*" ;;
            esac
            shift
          done
          [ "$given" = L4PROXY_JOIN ] || unset L4PROXY_JOIN
          exec "$@" ;;
      esac
      unknown "$*"
      """;

  private static final Pattern PUBLISHED = Pattern.compile("-p (?:([0-9]+)-)?([0-9]+):");
  private static final InetSocketAddress BACKEND = new InetSocketAddress("10.0.0.7", 80);

  @TempDir private Path directory;

  /** What is typed to have a server, a key, and a client. */
  static List<String> blocks() throws IOException {
    return DocPage.read(Path.of("README.md")).blocks().stream()
        .filter(block -> block.where().contains("DockerIT"))
        .map(block -> String.join("\n", block.commands()))
        .toList();
  }

  @Test
  void commandsOfReadmeRelayAUser() throws Exception {
    Lab.missing().ifPresent(Tools::skip);
    assertEquals(3, blocks().size());
    try (Lab lab = new Lab();
        Account server = account("server", lab.server());
        Account client = account("client", lab.first().host())) {
      String address = BACKEND.getHostString();
      lab.first().host().run("ip", "address", "add", address + "/32", "dev", "lo");
      try (EchoBackend backend =
          new EchoBackend(
              EchoBackend::echo, lab.first().host().call(() -> Sockets.listen(BACKEND)))) {
        server.identify();
        type(server, blocks().get(0), "").awaitErr(" ready; ");
        String key = Account.only(type(server, blocks().get(1), ""));
        int port = Account.publicPort(type(client, blocks().get(2), key));
        assertTrue(isPublished(blocks().get(0), port), "port " + port);
        assertTrue(isPublished(blocks().get(0), 2222), "the control port");
        try (Socket user = lab.user().call(() -> Users.connect(Lab.SERVER, port))) {
          Users.echo(user);
          assertEquals(1, backend.connections());
        }
      }
    }
  }

  private Account account(String name, Namespace machine) throws IOException {
    return new Account(directory.resolve(name), machine.prefix());
  }

  private Program type(Account account, String block, String key) throws IOException {
    Path programs = Files.createDirectories(directory.resolve("programs"));
    Path docker = programs.resolve("docker");
    if (!Files.exists(docker)) {
      Files.writeString(docker, DOCKER);
      assertTrue(docker.toFile().setExecutable(true));
    }
    Map<String, String> here =
        Map.of("PATH", Account.path(programs), "SOURCES", Path.of("").toAbsolutePath().toString());
    String commands = block.replace("example.org", Lab.SERVER).replace("l4p1_…", key);
    return account.start(here, List.of("sh", "-ec", commands));
  }

  private static boolean isPublished(String block, int port) {
    return PUBLISHED.matcher(block).results().anyMatch(found -> isWithin(found, port));
  }

  private static boolean isWithin(MatchResult ports, int port) {
    String last = ports.group(2);
    String first = ports.group(1) == null ? last : ports.group(1);
    return Integer.parseInt(first) <= port && port <= Integer.parseInt(last);
  }
}
