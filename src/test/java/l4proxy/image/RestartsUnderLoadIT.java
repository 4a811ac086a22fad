package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Either side is stopped and started again and again, in turn by SIGKILL and SIGTERM, while users
 * come and go: each time the service is back where it was, and no user is left hanging.
 */
@Tag("beside")
@Timeout(600)
final class RestartsUnderLoadIT {
  private static final int USERS = 8;
  private static final int ROUNDS = Faults.longOr(30, 4);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final String[] DRAIN = {"--drain", "2s"};

  @TempDir private Path directory;

  private final AtomicInteger served = new AtomicInteger();
  private final AtomicInteger reset = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();

  private void come(Deployment deployment, int port) {
    while (!Thread.currentThread().isInterrupted()) {
      try (Socket user = deployment.user(port)) {
        for (int i = 0; i < 10; i++) {
          Users.echo(user);
          Thread.sleep(20);
        }
        served.incrementAndGet();
      } catch (SocketException gone) {
        reset.incrementAndGet();
        LockSupport.parkNanos(PAUSE.toNanos());
      } catch (IOException | AssertionError wrong) {
        failed.incrementAndGet();
      } catch (InterruptedException over) {
        return;
      }
    }
  }

  /** Waits until so many users more than at the start of the wait were served. */
  private void awaitLoad() {
    int before = served.get();
    await().atMost(Faults.PATIENCE).until(() -> served.get() >= before + 2 * USERS);
  }

  private Program again(Program program, int round, Start start)
      throws IOException, InterruptedException {
    if (round % 2 == 0) {
      program.terminate();
      assertEquals(0, program.exit(), program.said());
    } else {
      program.kill();
      program.exit();
    }
    return start.start();
  }

  /** Starts one side. */
  @FunctionalInterface
  private interface Start {
    Program start() throws IOException, InterruptedException;
  }

  private void print(String what, long longest) {
    Figures.print(what + ": longest until a user was served", longest);
    System.out.printf(
        "FIGURE: %s: %d restarts, users: %d served, %d cut%n",
        what, ROUNDS, served.get(), reset.get());
  }

  @Test
  void serverComesBackEachTime() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory);
        ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = deployment.startServer(DRAIN);
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      long longest = 0;
      try {
        for (int i = 0; i < USERS; i++) {
          users.execute(() -> come(deployment, port));
        }
        for (int round = 1; round <= ROUNDS; round++) {
          server = again(server, round, () -> deployment.startServer(DRAIN));
          long now = deployment.awaitServed(port, Faults.PATIENCE);
          longest = Math.max(longest, now - server.started());
          awaitLoad();
        }
      } finally {
        users.shutdownNow();
      }
      print("server", longest);
      assertTrue(longest / 1e9 < 2 * Faults.BACK, "too long");
      assertEquals(0, failed.get(), "users hung, or were told something wrong");
      assertEquals(1, client.out().all().size(), client.said());
      deployment.awaitSettled(home, port);
    }
  }

  @Test
  void clientComesBackEachTime() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory);
        ExecutorService users = Executors.newVirtualThreadPerTaskExecutor()) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = deployment.startServer();
      Program client = deployment.startClient(home, backend, DRAIN);
      int port = Deployment.publicPort(client);
      long longest = 0;
      try {
        for (int i = 0; i < USERS; i++) {
          users.execute(() -> come(deployment, port));
        }
        for (int round = 1; round <= ROUNDS; round++) {
          client = again(client, round, () -> deployment.startClient(home, backend, DRAIN));
          assertEquals(port, Deployment.publicPort(client));
          long now = deployment.awaitServed(port, Faults.PATIENCE);
          longest = Math.max(longest, now - client.started());
          awaitLoad();
        }
      } finally {
        users.shutdownNow();
      }
      print("client", longest);
      assertTrue(longest / 1e9 < 2 * Faults.BACK, "too long");
      assertEquals(0, failed.get(), "users hung, or were told something wrong");
      deployment.awaitSettled(home, port);
      assertTrue(server.isAlive());
    }
  }
}
