package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code lan} forwards a local port. */
@Tag("beside")
@Timeout(150)
final class LanIT {
  private static final long SIZE = 50_000_000;

  @TempDir private Path directory;

  private static Program lan(Account account, int port, int backend)
      throws IOException, InterruptedException {
    Program lan =
        account.l4proxy(
            "lan", "127.0.0.1", String.valueOf(backend), "--pub_port", String.valueOf(port));
    assertEquals(port, Account.publicPort(lan));
    return lan;
  }

  @Test
  void usersAreRelayedUntilItIsTerminated() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      int port = FreePorts.next();
      Program lan = lan(account, port, backend.port());
      Users.isServed(port);
      try (Socket user = Users.connect(port)) {
        Users.echo(user);
        user.shutdownOutput();
        assertEquals(-1, user.getInputStream().read());
      }
      lan.terminate();
      assertEquals(0, lan.exit(), lan.said());
      assertEquals(1, lan.out().all().size(), lan.said());
    }
  }

  @Test
  void downloadIsExact() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend =
            new EchoBackend(socket -> Content.write(socket.getOutputStream(), SIZE))) {
      int port = FreePorts.next();
      lan(account, port, backend.port());
      try (Socket user = Users.connect(port)) {
        assertEquals(SIZE, Content.readAll(user.getInputStream(), 0));
      }
    }
  }

  @Test
  void backendThatIsDownIsAReset() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      int port = FreePorts.next();
      Program lan = lan(account, port, FreePorts.next());
      try (Socket user = Users.connect(port)) {
        assertEquals(0, Users.isReset(user, 0));
      }
      assertTrue(lan.isAlive(), lan.said());
      assertEquals(0, lan.err().count("Exception|\\tat "), lan.said());
    }
  }
}
