package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What systemd is told, and its units. */
@Tag("beside")
@Timeout(60)
final class ServiceManagerIT {
  @TempDir private Path directory;
  @AutoClose private Account account;

  @BeforeEach
  void makeAccount() throws IOException {
    account = new Account(directory.resolve("account"));
  }

  private Program server(Map<String, String> environment) throws IOException {
    return account.l4proxy(
        environment,
        "server",
        "--ctl_addr",
        account.control(),
        "--api_addr",
        "none",
        "--ports",
        Account.PUBLIC_PORTS);
  }

  @Test
  void serverSaysWhatItIsAbout() throws IOException, InterruptedException {
    try (NotifySocket socket = new NotifySocket(directory);
        EchoBackend backend = new EchoBackend()) {
      Map<String, String> environment = new HashMap<>(socket.environment());
      environment.put("WATCHDOG_USEC", "1000000");
      Program server = server(environment);
      assertEquals(
          "READY=1|STATUS=0 clients, 0 services, 0 users", socket.await("READY=1"), server.said());
      Tcp.awaitListening(account.controlPort(), server);
      Program client = account.client(backend.port());
      try (Socket user = Users.connect(Account.publicPort(client))) {
        Users.echo(user);
        socket.await("WATCHDOG=1[|]STATUS=1 clients, 1 services, 1 user$");
        server.signal("HUP");
        assertTrue(socket.await("RELOADING=1").matches("RELOADING=1[|]MONOTONIC_USEC=[1-9][0-9]*"));
        socket.await("^READY=1$");
        server.terminate();
        socket.await("^STATUS=stopping; users may finish$");
        Users.echo(user);
      }
      assertEquals(0, server.exit(), server.said());
      assertEquals(0, server.err().count("NOTIFY_SOCKET"), server.said());
    }
  }

  @Test
  void clientSaysWhetherItIsConnected() throws IOException, InterruptedException {
    try (NotifySocket socket = new NotifySocket(directory);
        EchoBackend backend = new EchoBackend()) {
      account.server();
      Map<String, String> environment = new HashMap<>(socket.environment());
      environment.put("WATCHDOG_USEC", "1000000");
      Program client = account.client(environment, backend.port());
      socket.await("^READY=1[|]STATUS=");
      socket.await("WATCHDOG=1[|]STATUS=connected, 0 users");
      client.terminate();
      socket.await("^STATUS=stopping; users may finish$");
      assertEquals(0, client.exit(), client.said());
    }
  }

  @Test
  void watchdogOfAnotherProcessGetsNoSigns() throws IOException, InterruptedException {
    try (NotifySocket socket = new NotifySocket(directory)) {
      Map<String, String> environment = new HashMap<>(socket.environment());
      environment.put("WATCHDOG_USEC", "100000");
      environment.put("WATCHDOG_PID", "1");
      Program server = server(environment);
      socket.await("READY=1");
      server.terminate();
      socket.await("^STATUS=stopping; users may finish$");
      assertEquals(0, server.exit(), server.said());
      assertEquals(0, socket.count("WATCHDOG=1"));
    }
  }

  @Test
  void serverWithoutTheProgramSaysSoOnceAndGoesOn() throws IOException, InterruptedException {
    Path bin = Files.createDirectory(directory.resolve("bin"));
    for (String each : List.of("sh", "readlink", "dirname")) {
      Files.createSymbolicLink(bin.resolve(each), Path.of(Tools.require(each)));
    }
    Program server = server(Map.of("NOTIFY_SOCKET", directory + "/none", "PATH", bin.toString()));
    server.awaitErr("NOTIFY_SOCKET is set, but systemd-notify cannot be run");
    server.terminate();
    assertEquals(0, server.exit(), server.said());
    assertEquals(1, server.err().count("NOTIFY_SOCKET"), server.said());
  }

  @ParameterizedTest
  @ValueSource(strings = {"l4proxy-server.service", "l4proxy-client@.service"})
  void unitIsValidAndHardened(String name) throws IOException, InterruptedException {
    String analyze = Tools.require("systemd-analyze");
    String unit = Files.readString(Path.of("src/dist", name));
    assertTrue(unit.contains("ExecStart=/usr/bin/l4proxy "), unit);
    assertTrue(
        !unit.contains("StandardOutput=null") || unit.contains("StandardError=journal"),
        "the log is kept");
    assertTrue(
        !unit.contains("StandardOutput=null") || unit.contains("\nLogsDirectory=l4proxy\n"),
        "an access log has a place");
    Path here =
        Files.writeString(
            directory.resolve(name), unit.replace("/usr/bin/l4proxy", Account.launcher()));
    try (Program verify =
        Program.start(directory, analyze, "verify", "--man=no", here.toString())) {
      assertEquals(0, verify.exit(), verify.said());
      assertFalse(verify.err().text().contains(name.replace(".service", "")), verify.said());
    }
    try (Program security =
        Program.start(
            directory,
            analyze,
            "--offline=true",
            "--threshold=20",
            "--no-pager",
            "security",
            here.toString())) {
      assertEquals(0, security.exit(), security.said());
      assertEquals(1, security.out().count("Overall exposure level .*: [01][.][0-9]"));
    }
  }
}
