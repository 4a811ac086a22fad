package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import l4proxy.lab.Lab;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Addresses change, mappings are forgotten, machines vanish: the service comes back. */
@Tag("beside")
@Timeout(300)
final class MovesIT {
  private static final String NAME = "proxy.test";

  /** A user whose tunnel died unseen is let go. */
  private static final double LET_GO = 25;

  @TempDir private Path directory;

  @Test
  void clientIsBackAfterItsRouterForgotItsConnections() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = deployment.startServer();
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      deployment.isServed(port);
      deployment.awaitSettled(home, port);
      Recovery recovery = new Recovery(server, client);
      home.forgetMappings();
      long forgotten = System.nanoTime();
      try (Socket user = deployment.user(port)) {
        // on a tunnel that looks good at the server
        System.out.println("FIGURE: a user of a forgotten mapping was " + isServedOrReset(user));
        Faults.within("and that took", System.nanoTime() - forgotten, LET_GO);
      }
      recovery.serverKnows();
      long back = recovery.back();
      Faults.within(
          "forgotten mapping: client back", back - forgotten, Faults.NOTICED + Faults.BACK);
      deployment.awaitServed(port, Faults.PATIENCE);
      deployment.awaitSettled(home, port);
    }
  }

  private static String isServedOrReset(Socket user) throws IOException {
    user.setSoTimeout(60_000);
    try {
      Users.echo(user);
      return "served";
    } catch (SocketException reset) {
      return "reset";
    }
  }

  @Test
  void clientIsBackAfterItsAddressChanged() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = deployment.startServer();
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      for (int round = 0; round < Faults.longOr(3, 1); round++) {
        deployment.isServed(port);
        Recovery recovery = new Recovery(server, client);
        home.changeAddress();
        long changed = System.nanoTime();
        long knew = recovery.clientKnows();
        long back = recovery.back();
        Faults.within("changed address: noticed by the client", knew - changed, Faults.NOTICED);
        Faults.within("changed address: client back after that", back - knew, Faults.BACK);
        deployment.awaitServed(port, Faults.PATIENCE);
        deployment.awaitSettled(home, port);
      }
      assertEquals(1, client.out().all().size(), client.said());
    }
  }

  private Path resolvesTo(String address) throws IOException {
    Path hosts = directory.resolve("hosts");
    Path next = directory.resolve("hosts.next");
    Files.writeString(next, address + " " + NAME + "\n");
    Files.move(next, hosts, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return hosts;
  }

  @Test
  void clientFollowsAServerToAnotherAddress() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = deployment.startServer();
      Path hosts = resolvesTo(Lab.SERVER);
      Map<String, String> look = Map.of("L4PROXY_JAVA_OPTS", "-Djdk.net.hosts.file=" + hosts);
      String to = NAME + ":" + Deployment.CONTROL;
      Program client = deployment.startClient(home, look, to, backend);
      int port = Deployment.publicPort(client);
      deployment.isServed(port);
      Recovery recovery = new Recovery(server, client);
      deployment.lab().moveServer();
      long moved = System.nanoTime();
      resolvesTo(Lab.SERVER_MOVED);
      long knew = recovery.clientKnows();
      long back = recovery.back();
      Faults.within("moved server: noticed by the client", knew - moved, Faults.NOTICED);
      Faults.within("moved server: client back after that", back - knew, Faults.BACK);
      try (Socket user =
          deployment.lab().user().call(() -> Users.connect(Lab.SERVER_MOVED, port))) {
        Users.echo(user);
      }
      deployment.awaitSettled(home, port);
      assertEquals(1, client.out().all().size(), client.said());
    }
  }

  @Test
  void clientOfAVanishedMachineGoesOnElsewhere() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home gone = deployment.lab().first();
      Home elsewhere = deployment.lab().second();
      EchoBackend backend = deployment.backend(gone);
      int number = backend.port();
      EchoBackend other = deployment.backend(elsewhere, EchoBackend::echo, number);
      Program server = deployment.startServer();
      Program client = deployment.startClient(gone, backend);
      int port = Deployment.publicPort(client);
      Recovery recovery = new Recovery(server, client);
      try (Socket lost = deployment.user(port)) {
        lost.setSoTimeout((int) Faults.PATIENCE.toMillis());
        Users.echo(lost);
        gone.link().cut();
        long cut = System.nanoTime();
        copy(deployment.account(gone).state(), deployment.account(elsewhere).state());
        Program moved = deployment.startClient(elsewhere, other);
        assertEquals(port, Deployment.publicPort(moved));
        long announced = System.nanoTime() - moved.started();
        Faults.within("client elsewhere, address printed", announced, 2 * Faults.BACK);
        deployment.isServed(port);
        recovery.serverKnows();
        assertThrows(SocketException.class, () -> lost.getInputStream().read());
        double givenUp = Faults.GIVEN_UP.toSeconds();
        Faults.within("user of a vanished client, reset", System.nanoTime() - cut, givenUp);
        await().atMost(Faults.PATIENCE).until(() -> backend.connections() == 0);
        Faults.within("backend of a vanished client, let go", System.nanoTime() - cut, givenUp);
      }
      deployment.awaitSettled(elsewhere, port);
      assertTrue(client.isAlive(), "it goes on trying");
    }
  }

  /** The machine's disk, say, is in another one now. */
  private static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes)
              throws IOException {
            Files.createDirectories(to.resolve(from.relativize(each)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path each, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(each, to.resolve(from.relativize(each)), StandardCopyOption.COPY_ATTRIBUTES);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
