package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGTERM: at once when nobody is connected, else when the users have finished or their time is
 * over.
 */
@Timeout(150)
final class StoppingIT {
  /** The contract says one second; the rest is for a machine that runs other tests too. */
  private static final double AT_ONCE_SECONDS = 1.5;

  private static final double DRAIN_SECONDS = 2;
  private static final double DRAINED_SECONDS = 3.5;
  private static final long SIZE = 60_000_000;
  private static final long FIRST = 1_000_000;
  private static final long ENDLESS = Long.MAX_VALUE;

  @TempDir private Path directory;

  private static double ends(String what, Program program, long asked) throws InterruptedException {
    assertEquals(0, program.exit(), program.said());
    long took = System.nanoTime() - asked;
    Figures.print(what, took);
    return took / 1e9;
  }

  @Test
  void idleClientAndServerEndAtOnce() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      Program client = account.client(backend.port());
      Users.isServed(Account.publicPort(client));
      long asked = System.nanoTime();
      client.terminate();
      double clientTook = ends("SIGTERM to exit, idle client", client, asked);
      asked = System.nanoTime();
      server.terminate();
      double serverTook = ends("SIGTERM to exit, idle server", server, asked);
      assertTrue(clientTook <= AT_ONCE_SECONDS, "the client took " + clientTook + " s");
      assertTrue(serverTook <= AT_ONCE_SECONDS, "the server took " + serverTook + " s");
    }
  }

  @Test
  void serverWithAConnectedClientEndsAtOnce() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      Program client = account.client(backend.port());
      Users.isServed(Account.publicPort(client));
      long asked = System.nanoTime();
      server.terminate();
      double took = ends("SIGTERM to exit, server with an idle client", server, asked);
      assertTrue(took <= AT_ONCE_SECONDS, "it took " + took + " s");
      assertTrue(client.isAlive(), client.said());
    }
  }

  @Test
  void clientThatNeverConnectedEndsAtOnce() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      account.remember(account.keyOfStopped("lonely"));
      Program client = account.client(9);
      client.awaitErr("no connection to server");
      long asked = System.nanoTime();
      client.terminate();
      double took = ends("SIGTERM to exit, client without a server", client, asked);
      assertTrue(took <= AT_ONCE_SECONDS, "it took " + took + " s");
    }
  }

  @Test
  void serverLetsATransferFinish() throws IOException, InterruptedException {
    finishes(true);
  }

  @Test
  void clientLetsATransferFinish() throws IOException, InterruptedException {
    finishes(false);
  }

  private void finishes(boolean stopServer) throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend =
            new EchoBackend(socket -> Content.write(socket.getOutputStream(), SIZE))) {
      Program server = account.server();
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      try (Socket user = Users.connect(port)) {
        Content.read(user.getInputStream(), 0, FIRST);
        Program stopped = stopServer ? server : client;
        stopped.terminate();
        if (stopServer) {
          server.awaitErr("stopping; users have");
          Tcp.awaitRefused(port);
        }
        assertTrue(stopped.isAlive(), "it did not wait for its user" + stopped.said());
        assertEquals(SIZE, Content.readAll(user.getInputStream(), FIRST));
        user.shutdownOutput();
        long finished = System.nanoTime();
        double took = ends("end of the last user to exit", stopped, finished);
        assertTrue(took <= AT_ONCE_SECONDS, "it took " + took + " s");
      }
    }
  }

  @Test
  void serverDrainsNoLongerThanItWasTold() throws IOException, InterruptedException {
    drains(true);
  }

  @Test
  void clientDrainsNoLongerThanItWasTold() throws IOException, InterruptedException {
    drains(false);
  }

  private void drains(boolean stopServer) throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend =
            new EchoBackend(socket -> Content.write(socket.getOutputStream(), ENDLESS))) {
      String drain = (int) DRAIN_SECONDS + "s";
      Program server = account.server("--drain", drain);
      Program client = account.client(backend.port(), "--drain", drain);
      try (Socket user = Users.connect(Account.publicPort(client))) {
        Content.read(user.getInputStream(), 0, FIRST);
        Program stopped = stopServer ? server : client;
        long asked = System.nanoTime();
        stopped.terminate();
        double took = ends("SIGTERM to exit with --drain " + drain, stopped, asked);
        assertTrue(took >= DRAIN_SECONDS, "it left after " + took + " s");
        assertTrue(took <= DRAINED_SECONDS, "it took " + took + " s");
        Users.isReset(user, FIRST);
      }
    }
  }

  @Test
  @Tag("beside")
  void drainingClientTakesNoNewUsers() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      account.server();
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      try (Socket user = Users.connect(port)) {
        Users.echo(user);
        client.terminate();
        Program next = account.client(backend.port());
        next.awaitOut("PUBLIC ADDRESS");
        Users.isServed(Account.publicPort(next));
        Users.echo(user);
        assertTrue(client.isAlive(), client.said());
      }
      assertEquals(0, client.exit(), client.said());
    }
  }

  @Test
  void secondSignalEndsItAtOnce() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      Program client = account.client(backend.port());
      try (Socket user = Users.connect(Account.publicPort(client))) {
        Users.echo(user);
        server.terminate();
        server.awaitErr("stopping; users have");
        server.signal("TERM");
        Assertions.assertNotEquals(0, server.exit(Duration.ofSeconds(3)), server.said());
      }
    }
  }

  @Test
  @Tag("beside")
  void serverThatStopsRefusesUsers() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server();
      int port = Account.publicPort(account.client(backend.port()));
      server.terminate();
      assertEquals(0, server.exit(), server.said());
      Assertions.assertThrows(ConnectException.class, () -> Users.connect(port).close());
    }
  }
}
