package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The Dockerfile's image, where there is an engine to run it and it was built. */
@Timeout(180)
final class ContainersIT {
  @TempDir private Path directory;

  @Test
  void userOfOneNetworkReachesABackendInAnother() throws IOException, InterruptedException {
    try (Containers all = new Containers(directory)) {
      all.network("front");
      all.network("back", "--internal");
      all.start(
          "backend",
          List.of("back"),
          List.of("--entrypoint", "/opt/l4proxy/bin/jwebserver"),
          "-b",
          "0.0.0.0",
          "-p",
          "8080",
          "-d",
          "/etc");
      all.start(
          "server",
          List.of("front"),
          List.of(),
          "server",
          "--host",
          "example.org",
          "--ports",
          "8000-8099");
      try (Program server = all.logs("server")) {
        server.awaitErr(" ready; l4proxy ");
      }
      String key =
          all.podman("exec", all.name("server"), "l4proxy", "key", "create", "web").strip();
      Path secret = Files.writeString(directory.resolve("env"), "L4PROXY_JOIN=" + key + "\n");
      all.start(
          "client",
          List.of("front", "back"),
          List.of("--env-file", secret.toString()),
          "client",
          "--svr_addr",
          all.name("server"),
          "--pub_port",
          "8000",
          all.address("backend", "back"),
          "8080");
      try (Program client = all.logs("client")) {
        client.awaitOut("^PUBLIC ADDRESS: example.org:8000$");
      }
      String passwd = get("/passwd", all.address("server", "front"), 8000);
      assertTrue(passwd.contains("l4proxy:x:10001:10001:"), passwd);
      all.podman("healthcheck", "run", all.name("server"));
      all.podman("healthcheck", "run", all.name("client"));
      long asked = System.nanoTime();
      all.podman("stop", "-t", "30", all.name("client"), all.name("server"));
      assertTrue((System.nanoTime() - asked) / 1e9 < 20, "SIGTERM ends them");
      String codes =
          all.podman(
              "inspect", all.name("server"), all.name("client"), "-f", "{{.State.ExitCode}}");
      assertEquals(List.of("0", "0"), codes.lines().toList());
    }
  }

  @Test
  @Timeout(600)
  void commandsOfReadmeRelayAUser() throws IOException, InterruptedException {
    List<String> blocks = DockerIT.blocks();
    try (Containers all = new Containers(directory)) {
      all.typed(List.of("server", "client"), List.of("l4proxy", "client"));
      all.network("back", "--subnet", "10.0.0.0/24");
      all.start(
          "backend",
          List.of("back"),
          List.of(
              "--ip",
              "10.0.0.7",
              "--sysctl",
              "net.ipv4.ip_unprivileged_port_start=0",
              "--entrypoint",
              "/opt/l4proxy/bin/jwebserver"),
          "-b",
          "0.0.0.0",
          "-p",
          "80",
          "-d",
          "/etc");
      all.type(blocks.get(0));
      try (Program server = Program.start(directory, "podman", "logs", "-f", "server")) {
        server.awaitErr(" ready; l4proxy ");
      }
      String key = all.type(blocks.get(1)).strip();
      String host =
          all.podman("network", "inspect", "podman", "-f", "{{(index .Subnets 0).Gateway}}")
              .strip();
      all.type(
          blocks
              .get(2)
              .replace("l4p1_…", key)
              .replace("--svr_addr example.org", "--svr_addr " + host));
      try (Program client = Program.start(directory, "podman", "logs", "-f", "client")) {
        String passwd = get("/passwd", "127.0.0.1", Account.publicPort(client));
        assertTrue(passwd.contains("l4proxy:x:10001:10001:"), passwd);
      }
    }
  }

  @Test
  void serverThatIsNotThereIsUnhealthy() throws IOException, InterruptedException {
    try (Containers all = new Containers(directory)) {
      all.network("front");
      all.start("server", List.of("front"), List.of(), "server", "--api_addr", "127.0.0.1:2224");
      AssertionError unhealthy =
          assertThrows(
              AssertionError.class, () -> all.podman("healthcheck", "run", all.name("server")));
      assertTrue(unhealthy.getMessage().contains("exit code 1"), unhealthy.getMessage());
    }
  }

  private static String get(String path, String host, int port) throws IOException {
    try (Socket user = new Socket()) {
      user.connect(new InetSocketAddress(host, port), 5000);
      user.setSoTimeout(20_000);
      String request = "GET " + path + " HTTP/1.0\r\n\r\n";
      user.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(user.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
