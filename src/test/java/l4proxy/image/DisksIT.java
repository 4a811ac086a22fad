package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import l4proxy.lab.Lab;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** State cannot be written for a while: work goes on, and what is owed is written later. */
@Tag("beside")
@Timeout(300)
final class DisksIT {
  private static final String WARNING = "public ports are not remembered over a restart for now";

  /** Mounts a small file system, which ends with the process, and becomes the program. */
  private static final String MOUNTED =
      "mkdir -p \"$0\" && mount -t tmpfs -o size=256k none \"$0\" && exec \"$@\"";

  @TempDir private Path directory;

  /** What is done to a server's state directory, seen from outside its mounts. */
  @FunctionalInterface
  private interface Step {
    void take(Program server, Path state) throws IOException, InterruptedException;
  }

  private static Program start(Deployment deployment) throws IOException, InterruptedException {
    String state = deployment.server().state().toString();
    List<String> command = new ArrayList<>(List.of("sh", "-c", MOUNTED, state));
    command.add(Account.launcher());
    command.addAll(deployment.serverWords());
    Program server = deployment.server().start(Map.of(), command);
    deployment.ready(server);
    return server;
  }

  private void goesOn(Step spoil, Step mend) throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = start(deployment);
      Path state =
          Path.of("/proc", server.pid() + "/root" + deployment.server().state().toAbsolutePath());
      Program client = deployment.startClient(home, backend);
      int port = Deployment.publicPort(client);
      Path leases = state.resolve("leases.json");
      await().atMost(Faults.PATIENCE).until(() -> isRemembered(leases, port));
      String before = Files.readString(leases);
      spoil.take(server, state);
      Program another = deployment.startClient(home, backend, "--client_name", "another");
      int second = Deployment.publicPort(another);
      server.awaitErr(WARNING);
      deployment.isServed(port);
      deployment.isServed(second);
      Program key = createKey(deployment);
      assertEquals(1, key.exit(Faults.PATIENCE), key.said());
      assertTrue(key.err().text().contains("Cannot write"), key.said());
      assertEquals(before, Files.readString(leases), "it is whole, as it was");
      mend.take(server, state);
      long mended = System.nanoTime();
      await().atMost(Faults.PATIENCE).until(() -> isRemembered(leases, second));
      Figures.print("ports remembered after the disk was mended", System.nanoTime() - mended);
      assertTrue(isRemembered(leases, port));
      Program now = createKey(deployment);
      assertEquals(0, now.exit(Faults.PATIENCE), now.said());
      assertTrue(
          JsonParser.parseString(Files.readString(state.resolve("keys.json"))).isJsonObject());
      deployment.isServed(port);
      assertFalse(server.err().text().contains("a bug"), server.said());
    }
  }

  private static Program createKey(Deployment deployment) throws IOException {
    String server = "127.0.0.1:" + Deployment.CONTROL;
    return deployment.server().l4proxy("key", "create", "late", "--svr_addr", server);
  }

  private static boolean isRemembered(Path leases, int port) throws IOException {
    return Files.exists(leases)
        && JsonParser.parseString(Files.readString(leases))
            .getAsJsonObject()
            .getAsJsonArray("leases")
            .asList()
            .stream()
            .anyMatch(lease -> lease.getAsJsonObject().get("port").getAsInt() == port);
  }

  @Test
  void clientWithoutAStateItCanWriteServesAllTheSame() throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      deployment.startServer();
      Account account = deployment.account(home);
      String state = account.state().toString();
      List<String> command =
          new ArrayList<>(List.of("sh", "-c", MOUNTED.replace("size=256k", "ro"), state));
      command.addAll(List.of(Account.launcher(), "client", "--svr_addr"));
      command.addAll(List.of(Lab.SERVER + ":" + Deployment.CONTROL));
      command.addAll(List.of("127.0.0.1", String.valueOf(backend.port())));
      Program client = account.start(deployment.join(), command);
      int port = Deployment.publicPort(client);
      deployment.isServed(port);
      client.awaitErr("will not be known again after a restart");
    }
  }

  @Test
  void serverGoesOnWhileItsDiskIsFull() throws IOException, InterruptedException {
    goesOn(
        (server, state) -> fill(state.resolve("filler")),
        (server, state) -> Files.delete(state.resolve("filler")));
  }

  private static void fill(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      for (int i = 0; i < 10_000; i++) {
        out.write(new byte[1024]);
      }
      throw new AssertionError("the disk is larger than it should be");
    } catch (IOException full) {
      assertTrue(String.valueOf(full.getMessage()).contains("space"), full.getMessage());
    }
  }

  @Test
  void serverGoesOnWhileItsStateCannotBeWritten() throws IOException, InterruptedException {
    goesOn(
        (server, state) ->
            inMounts(server, "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\""),
        (server, state) -> inMounts(server, "umount \"$0\""));
  }

  /** Runs a script on the state directory, {@code $0}, as the server sees it. */
  private void inMounts(Program server, String script) throws IOException, InterruptedException {
    String pid = String.valueOf(server.pid());
    String state = directory.resolve("server/state").toString();
    String enter = Tools.require("nsenter");
    Program.run(
        directory, Faults.PATIENCE, enter, "--mount", "--target", pid, "sh", "-c", script, state);
  }
}
