package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Either process may come and go; the service comes back where it was. */
@Timeout(150)
final class RestartsIT {
  /** Attempts after which a client waits as long as it ever does within its first five minutes. */
  private static final int ATTEMPTS = 5;

  private static final double SERVER_UP_SECONDS = 2.5;
  private static final double SERVER_RESTART_SECONDS = 5;

  /**
   * The contract says one second; the rest is for a JVM's start on a machine that runs other tests
   * too.
   */
  private static final double CLIENT_RESTART_SECONDS = 3;

  @TempDir private Path directory;

  private static void within(String what, long nanos, double seconds) {
    Figures.print(what, nanos);
    assertTrue(nanos / 1e9 <= seconds, what + " took " + nanos / 1e9 + " s");
  }

  @Test
  void clientStartedFirstWorksSoonAfterTheServer() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      String key = account.keyOfStopped("early");
      Program client;
      try (ServerSocket nobody = new ServerSocket()) {
        nobody.bind(FreePorts.loopback(account.controlPort()));
        nobody.setSoTimeout(20_000);
        client = account.client(Map.of("L4PROXY_JOIN", key), backend.port());
        for (int i = 0; i < ATTEMPTS; i++) {
          nobody.accept().close();
        }
      }
      Program server = account.startServer();
      long up = server.awaitErr("control port listens on").at();
      int port = Account.publicPort(client);
      Users.isServed(port);
      within(
          "client started first, served after the server was up",
          System.nanoTime() - up,
          SERVER_UP_SECONDS);
    }
  }

  @Test
  void killedServerComesBackWithThePublicPort() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      Users.isServed(port);
      server.kill();
      server.exit();
      Program again = account.startServer();
      long served = Users.awaitServed(port, Duration.ofSeconds(20));
      within(
          "killed server restarted, a user served",
          served - again.started(),
          SERVER_RESTART_SECONDS);
      assertEquals(1, client.out().all().size(), client.said());
      assertEquals(0, again.out().all().size(), again.said());
    }
  }

  @Test
  void killedClientComesBackWithThePublicPort() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      account.server();
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      Users.isServed(port);
      client.kill();
      client.exit();
      Program again = account.client(backend.port());
      long announced = again.awaitOut("PUBLIC ADDRESS").at();
      assertEquals(port, Account.publicPort(again));
      Users.isServed(port);
      within(
          "killed client restarted, address printed",
          announced - again.started(),
          CLIENT_RESTART_SECONDS);
      within(
          "killed client restarted, a user served",
          System.nanoTime() - again.started(),
          CLIENT_RESTART_SECONDS);
    }
  }

  @Test
  void usersWhoComeWhileTheClientIsAwayAreServedWhenItIsBack()
      throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      account.server();
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      client.kill();
      client.exit();
      try (Socket first = Users.connect(port);
          Socket second = Users.connect(port)) {
        first.getOutputStream().write('1');
        second.getOutputStream().write('2');
        account.client(backend.port());
        assertEquals('1', first.getInputStream().read());
        assertEquals('2', second.getInputStream().read());
        Users.echo(first);
        Users.echo(second);
      }
    }
  }

  @Test
  void terminatedServerComesBackWithThePublicPort() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      server.terminate();
      assertEquals(0, server.exit(), server.said());
      Program again = account.startServer();
      long served = Users.awaitServed(port, Duration.ofSeconds(20));
      within(
          "stopped server restarted, a user served",
          served - again.started(),
          SERVER_RESTART_SECONDS);
      assertEquals(1, client.out().all().size(), client.said());
    }
  }
}
