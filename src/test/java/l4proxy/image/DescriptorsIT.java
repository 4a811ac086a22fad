package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import l4proxy.lab.Lab;
import l4proxy.net.Sockets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Descriptors are used up: nobody comes in for a while, and everybody once they are back. */
@Tag("beside")
@Timeout(300)
final class DescriptorsIT {
  private static final String FEW = "ulimit -n 100 && exec \"$0\" \"$@\"";
  private static final int USERS = 120;

  @TempDir private Path directory;

  private static List<String> withFew(List<String> words) {
    List<String> command = new ArrayList<>(List.of("sh", "-c", FEW, Account.launcher()));
    command.addAll(words);
    return command;
  }

  private static long descriptors(Program program) throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc", program.pid() + "/fd"))) {
      return all.count();
    }
  }

  @Test
  void serverAcceptsAgainWhenDescriptorsAreBack() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server =
          deployment.server().start(Map.of(), withFew(deployment.serverWords("--max_users", "0")));
      deployment.ready(server);
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      deployment.isServed(port);
      usedUpAndBack(deployment, port, server);
      assertTrue(server.err().count("cannot accept connections for now") > 0, server.said());
      deployment.awaitSettled(home, port);
    }
  }

  @Test
  void clientServesAgainWhenDescriptorsAreBack() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      deployment.startServer();
      List<String> words =
          List.of(
              "client",
              "--svr_addr",
              Lab.SERVER + ":" + Deployment.CONTROL,
              "127.0.0.1",
              String.valueOf(backend.port()));
      Program client = deployment.account(home).start(deployment.join(), withFew(words));
      int port = Deployment.publicPort(client);
      deployment.isServed(port);
      usedUpAndBack(deployment, port, client);
      deployment.awaitSettled(home, port);
    }
  }

  private static void usedUpAndBack(Deployment deployment, int port, Program few)
      throws IOException, InterruptedException {
    List<Socket> users = new ArrayList<>();
    try {
      for (int i = 0; i < USERS; i++) {
        Socket user = deployment.user(port);
        user.getOutputStream().write('?');
        users.add(user);
      }
      await().atMost(Faults.PATIENCE).until(() -> descriptors(few) >= 95);
      Faults.lasts(Duration.ofSeconds(Faults.longOr(20, 3)));
      assertTrue(few.isAlive(), few.said());
    } finally {
      users.forEach(Sockets::abort);
    }
    long released = System.nanoTime();
    long served = deployment.awaitServed(port, Faults.PATIENCE);
    Faults.within("descriptors back, a user served", served - released, 2 * Faults.BACK);
    assertTrue(few.err().count("\\tat ") == 0 && few.err().count("a bug") == 0, few.said());
  }
}
