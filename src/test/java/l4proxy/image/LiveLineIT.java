package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import l4proxy.EchoBackend;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client on a terminal, which {@code script} of util-linux makes. */
@Tag("beside")
@Timeout(60)
final class LiveLineIT {
  private static final String GREEN = "\u001b[32m";

  @TempDir private Path directory;
  @AutoClose private Account account;
  @AutoClose private EchoBackend backend;
  private Path typescript;

  @BeforeEach
  void open() throws IOException, InterruptedException {
    account = new Account(directory.resolve("account"));
    backend = new EchoBackend();
    typescript = directory.resolve("typescript");
    account.server();
  }

  /** The client, whose process is the terminal's; signals to it reach the client. */
  private Program onTerminal(Map<String, String> environment) throws IOException {
    String command =
        "exec %s client --svr_addr %s 127.0.0.1 %d"
            .formatted(Account.launcher(), account.control(), backend.port());
    return account.start(
        environment, List.of(Tools.require("script"), "-qefc", command, typescript.toString()));
  }

  private String shown() throws IOException {
    return Files.exists(typescript)
        ? new String(Files.readAllBytes(typescript), StandardCharsets.UTF_8)
        : "";
  }

  private int shownPort() throws IOException {
    Matcher matcher = Pattern.compile("PUBLIC ADDRESS: 127.0.0.1:([0-9]+)\r\n").matcher(shown());
    assertTrue(matcher.find(), shown());
    return Integer.parseInt(matcher.group(1));
  }

  private void awaitShown(String text) {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .failFast(() -> account.programs().stream().noneMatch(Program::isAlive))
        .until(() -> shown().contains(text));
  }

  private static void stop(Program script) throws InterruptedException {
    ProcessHandle.of(script.pid()).orElseThrow().children().forEach(ProcessHandle::destroy);
    assertEquals(0, script.exit(), script.said());
  }

  @Test
  void lastLineShowsUsersSpeedAndRoundTrip() throws IOException, InterruptedException {
    Program script = onTerminal(Map.of("TERM", "xterm"));
    awaitShown(GREEN + "connected\u001b[0m, 0 users, in 0 B/s, out 0 B/s, round trip ");
    awaitShown("PUBLIC ADDRESS: 127.0.0.1:");
    int port = shownPort();
    try (Socket user = Users.connect(port)) {
      Users.echo(user);
      awaitShown("1 user, in 2 B/s, out 2 B/s"); // 13 bytes in 5 s
    }
    awaitShown("\r\u001b[KPUBLIC ADDRESS: 127.0.0.1:" + port + "\r\n");
    stop(script);
    assertTrue(shown().contains("\u001b[K"), "the line is taken away at the end");
  }

  @Test
  void noColorMeansNone() throws IOException, InterruptedException {
    Program script = onTerminal(Map.of("TERM", "xterm", "NO_COLOR", "1"));
    awaitShown("connected, 0 users");
    stop(script);
    assertFalse(shown().matches("(?s).*\u001b\\[[0-9;]*m.*"), shown());
  }

  @Test
  void dumbTerminalHasPlainLines() throws IOException, InterruptedException {
    Program script = onTerminal(Map.of("TERM", "dumb"));
    awaitShown("PUBLIC ADDRESS");
    stop(script);
    assertFalse(shown().contains("\u001b"), shown());
  }

  @Test
  void noTerminalMeansTheAddressAlone() throws IOException, InterruptedException {
    Program client = account.client(Map.of("TERM", "xterm"), backend.port());
    client.awaitOut("^PUBLIC ADDRESS");
    Users.isServed(Account.publicPort(client));
    client.terminate();
    assertEquals(0, client.exit(), client.said());
    assertEquals(1, client.out().all().size(), client.said());
    assertFalse(client.out().text().contains("\u001b"), client.said());
  }
}
