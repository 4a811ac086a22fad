package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.StructuredTaskScope;
import java.util.concurrent.TimeUnit;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Limits for users and rates, of the program as it is used. */
@Timeout(240)
final class LimitsIT {
  private static final int RATE = 2_000_000;

  @TempDir private Path directory;

  private static void turnedAway(int port) throws IOException {
    try (Socket user = Users.connect(port)) {
      assertThrows(SocketException.class, () -> user.getInputStream().read());
    }
  }

  @Test
  void userBeyondTheLastIsResetAndLogged() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Program server = account.server("--max_users", "1");
      int port = Account.publicPort(account.client(backend.port()));
      try (Socket user = Users.connect(port)) {
        Users.echo(user);
        turnedAway(port);
        server.awaitErr("WARNING.* users turned away: 1 by --max_users; the last one came from ");
        for (int i = 0; i < 50; i++) {
          turnedAway(port);
        }
        server.awaitErr("users turned away: [0-9]{2} by --max_users");
        assertTrue(server.err().count("users turned away") <= 3, server.said());
        Users.echo(user);
      }
      Users.awaitServed(port, Duration.ofSeconds(5));
    }
  }

  @Test
  void limitsMayStandInTheServersFile() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      Path file = directory.resolve("server.json");
      Files.writeString(file, "{\"allow\": \"127.0.0.0/8,::1\", \"deny\": \"127.0.0.1\"}");
      Program server = account.server("--config", file.toString());
      int port = Account.publicPort(account.client(backend.port()));
      turnedAway(port);
      server.awaitErr("users turned away: 1 by --deny; the last one came from 127.0.0.1");
    }
  }

  private static void keptTo(String what, double bytesPerSecond) {
    System.out.printf("FIGURE: limit of %d B/s, %s: %.0f B/s%n", RATE, what, bytesPerSecond);
    assertEquals(RATE, bytesPerSecond, 0.1 * RATE, what);
  }

  /** Starts a client whose rate is limited, and says its public port. */
  @FunctionalInterface
  private interface Limited {
    int port(String name, Iperf3 backend) throws IOException, InterruptedException;
  }

  private Void measure(String what, Limited limited, String... words)
      throws IOException, InterruptedException {
    Path own = Files.createDirectories(directory.resolve(what.replaceAll("\\W+", "-")));
    try (Iperf3 iperf3 = new Iperf3(own)) {
      int port = limited.port(own.getFileName().toString(), iperf3);
      JsonObject received = iperf3.run(port, words).getAsJsonObject("sum_received");
      keptTo(what, received.get("bits_per_second").getAsDouble() / 8);
    }
    return null;
  }

  /** At once, each with a client of its own: they wait most of the time. */
  private void measureEachDirection(String what, Limited limited) throws InterruptedException {
    try (var scope = StructuredTaskScope.open()) {
      scope.fork(() -> measure(what + ", from the backend", limited, "-R", "-t", "5"));
      scope.fork(() -> measure(what + ", from it, 4 users", limited, "-R", "-t", "5", "-P", "4"));
      scope.fork(() -> measure(what + ", to the backend", limited, "-t", "5", "-w", "64K"));
      scope.join();
    }
  }

  @Test
  void servicesRateIsKeptInEachDirection() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      account.server();
      measureEachDirection(
          "service",
          (name, backend) ->
              Account.publicPort(account.client(backend.port(), "--limit_rate", "2M")));
    }
  }

  @Test
  void keysRateIsKeptInEachDirection() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      account.server();
      measureEachDirection(
          "key",
          (name, backend) -> {
            String key = account.key(name, "--limit_rate", "2M");
            return Account.publicPort(account.client(Map.of("L4PROXY_JOIN", key), backend.port()));
          });
    }
  }

  /** Longer than any time limit of a tunnel's, in both directions, and the same bytes. */
  @Test
  @Tag("beside")
  void slowUserIsNotCut() throws Exception {
    long size = 400_000;
    CompletableFuture<Long> atBackend = new CompletableFuture<>();
    EchoBackend.Service service =
        socket -> {
          Thread reading =
              Thread.ofVirtual()
                  .start(() -> {
                    try {
                      atBackend.complete(Content.readAll(socket.getInputStream(), 0));
                    } catch (IOException | AssertionError e) {
                      atBackend.completeExceptionally(e);
                    }
                  });
          Content.write(socket.getOutputStream(), size);
          socket.shutdownOutput();
          reading.join();
        };
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend(service)) {
      account.server();
      int port = Account.publicPort(account.client(backend.port(), "--limit_rate", "10k"));
      try (Socket user = Users.connect(port)) {
        long began = System.nanoTime();
        OutputStream out = user.getOutputStream();
        Content.write(out, size);
        user.shutdownOutput(); // from here on the pair may be half closed for a long time
        assertEquals(size, Content.readAll(user.getInputStream(), 0));
        assertEquals(size, atBackend.get(30, TimeUnit.SECONDS));
        double took = (System.nanoTime() - began) / 1e9;
        assertTrue(took > 36 && took < 46, "it took " + took + " s");
      }
    }
  }

  /** The server has passed everything on long before the backend has it. */
  @Test
  @Tag("beside")
  void slowUploadBehindAnEndOfStreamIsNotTakenForSilence() throws Exception {
    long size = 720_000; // 72 s
    CompletableFuture<Long> atBackend = new CompletableFuture<>();
    EchoBackend.Service service =
        socket -> {
          atBackend.complete(Content.readAll(socket.getInputStream(), 0));
          socket.getOutputStream().write('!');
        };
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend(service)) {
      account.server();
      int port = Account.publicPort(account.client(backend.port(), "--limit_rate", "10k"));
      try (Socket user = Users.connect(port)) {
        user.setSoTimeout(110_000);
        Content.write(user.getOutputStream(), size);
        user.shutdownOutput();
        long began = System.nanoTime();
        assertEquals('!', user.getInputStream().read());
        assertEquals(size, atBackend.get(1, TimeUnit.SECONDS));
        Figures.print("end of stream to answer, half closed", System.nanoTime() - began);
      }
    }
  }
}
