package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server replaced while it is in use, in a network of the test's own where the kernel passes on
 * what waits at a closed listener. {@code -Dl4proxy.long=true} has four thousand users a case.
 */
@Timeout(180)
final class TakeoverIT {
  private static final int RATE = 200;
  private static final int USERS = Boolean.getBoolean("l4proxy.long") ? 4000 : 1000;
  private static final int TRANSFERS = 10;
  private static final int PUBLIC_PORT = 20_000;
  private static final Duration LONG = Duration.ofSeconds(120);
  private static final Pattern RESULT =
      Pattern.compile(
          "users=(\\d+) refused=(\\d+) transfers=(\\d+) cut=(\\d+) bytes=(\\d+) seconds=\\d+");

  @TempDir private Path directory;

  /** Server, client, backend and users in a network of their own. */
  private final class Scene implements AutoCloseable {
    private final OwnNetwork network = OwnNetwork.make();
    private final Account account = new Account(directory, network.within());
    private final Path end = directory.resolve("end");
    private final int backend;
    private Program server;
    private final Program client;

    Scene(String... words) throws IOException, InterruptedException {
      try {
        if (!network.set("net.ipv4.tcp_migrate_req", "1")) {
          Tools.skip("this kernel has no net.ipv4.tcp_migrate_req");
        }
        backend =
            Integer.parseInt(
                account.start(Map.of(), Crowd.command("backend")).awaitOut("^[0-9]+$").text());
        server = account.server(words);
        client = account.client(backend, "--pub_port", String.valueOf(PUBLIC_PORT));
        Account.publicPort(client);
      } catch (Throwable failed) {
        close();
        throw failed;
      }
    }

    /** Users come from now on, and transfers go on. */
    Program crowd() throws IOException {
      return account.start(
          Map.of(),
          Crowd.command(
              "users",
              String.valueOf(PUBLIC_PORT),
              String.valueOf(RATE),
              String.valueOf(USERS),
              String.valueOf(TRANSFERS),
              end.toString()));
    }

    /** Ends a crowd when it is large enough; what became of it. */
    Result result(Program crowd) throws IOException, InterruptedException {
      Files.createFile(end);
      String line = crowd.await(crowd.out(), "^users=", 0, LONG).text();
      Matcher matcher = RESULT.matcher(line);
      assertTrue(matcher.matches(), line);
      Files.delete(end);
      System.out.println(line);
      return new Result(
          Integer.parseInt(matcher.group(1)),
          Integer.parseInt(matcher.group(2)),
          Integer.parseInt(matcher.group(4)),
          crowd);
    }

    Program takeover(String... words) throws IOException {
      String[] all = java.util.Arrays.copyOf(words, words.length + 1);
      all[words.length] = "--takeover";
      return account.startServer(all);
    }

    /** One user more is served. */
    void isServed() throws IOException, InterruptedException {
      Files.createFile(end);
      Program one =
          account.start(
              Map.of(), Crowd.command("users", "" + PUBLIC_PORT, "10", "1", "0", end.toString()));
      assertTrue(one.awaitOut("^users=").text().contains(" refused=0 "), one.said());
      Files.delete(end);
    }

    @Override
    public void close() throws IOException {
      try (network) {
        account.close();
      }
    }
  }

  private record Result(int users, int refused, int cut, Program crowd) {}

  private static void await(long count, Path log) throws IOException, InterruptedException {
    long began = System.nanoTime();
    while (lines(log) < count) {
      assertTrue(System.nanoTime() - began < LONG.toNanos(), "too few users in " + log);
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /** What an access log says of those who did not end by themselves. */
  private static String unserved(Path log) throws IOException {
    return Files.readAllLines(log).stream()
        .filter(line -> !line.contains("\"endedBy\":\"user\""))
        .collect(Collectors.joining("\n", "\n--- " + log.getFileName() + "\n", ""));
  }

  private static long lines(Path log) throws IOException {
    return Files.exists(log) ? Files.readAllLines(log).size() : 0;
  }

  @Test
  void nobodyIsRefusedAndNoTransferIsCut() throws IOException, InterruptedException {
    Path before = directory.resolve("before.log");
    Path after = directory.resolve("after.log");
    try (Scene scene = new Scene("--access_log", before.toString(), "--drain", "100s")) {
      Program crowd = scene.crowd();
      await(USERS / 4, before);
      Program next = scene.takeover("--access_log", after.toString());
      next.await(next.err(), " ready; l4proxy ", 0, LONG);
      assertEquals(0, next.err().count("tcp_migrate_req"), next.said());
      await(USERS / 4, after);
      assertTrue(scene.server.isAlive(), "transfers go on there");
      Result result = scene.result(crowd);
      String said =
          crowd.said() + scene.server.said() + unserved(before) + next.said() + unserved(after);
      assertEquals(0, result.refused(), said);
      assertEquals(0, result.cut(), said);
      assertTrue(result.users() >= USERS, "only " + result.users());
      assertEquals(0, scene.server.exit(), scene.server.said());
      assertEquals(1, scene.client.out().all().size(), scene.client.said());
      scene.isServed();
    }
  }

  @Test
  @Tag("beside")
  void clientIsUpgradedMeanwhile() throws IOException, InterruptedException {
    Path before = directory.resolve("before.log");
    try (Scene scene = new Scene("--access_log", before.toString())) {
      Program crowd = scene.crowd();
      await(USERS / 10, before);
      Program next = scene.takeover();
      next.awaitErr("takes over process");
      Program second =
          scene.account.client(scene.backend, "--pub_port", String.valueOf(PUBLIC_PORT));
      scene.client.awaitErr("another process takes the server over");
      scene.client.terminate();
      Account.publicPort(second);
      next.await(next.err(), " ready; l4proxy ", 0, LONG);
      Result result = scene.result(crowd);
      String said = crowd.said() + scene.server.said() + next.said() + unserved(before);
      assertEquals(0, result.refused(), said);
      assertEquals(0, result.cut(), said);
      assertEquals(0, scene.client.exit(), scene.client.said());
      assertEquals(0, scene.server.exit(), scene.server.said());
    }
  }

  @Test
  @Tag("beside")
  void transfersThatLastLongerThanDrainAreCutThen() throws IOException, InterruptedException {
    Path before = directory.resolve("before.log");
    try (Scene scene = new Scene("--access_log", before.toString(), "--drain", "3s")) {
      Program crowd = scene.crowd();
      await(USERS / 10, before);
      Program next = scene.takeover();
      long over = scene.server.await(scene.server.err(), "is taken over", 0, LONG).at();
      next.await(next.err(), " ready; l4proxy ", 0, LONG);
      long cut = crowd.awaitOut("^a transfer ").at();
      assertTrue(cut - over > Duration.ofMillis(2500).toNanos(), "cut too early");
      assertEquals(0, scene.server.exit(), scene.server.said());
      Result result = scene.result(crowd);
      assertEquals(TRANSFERS, result.cut(), crowd.said());
      assertEquals(0, result.refused(), crowd.said());
    }
  }

  @Test
  @Tag("beside")
  void serverGoesOnWhenTheNextIsKilledMidway() throws IOException, InterruptedException {
    try (Scene scene = new Scene()) {
      for (String moment : List.of("takes over process", "control port listens", "connected")) {
        Program next = scene.takeover();
        next.awaitErr(moment);
        next.kill();
        next.exit();
        if (scene.server.err().count("is taken over") > 0) { // it was faster than the signal
          assertEquals(0, scene.server.exit(), scene.server.said());
          scene.server = scene.account.server();
        } else {
          scene.server.awaitErr("the takeover failed");
        }
        scene.isServed();
      }
      Program next = scene.takeover();
      next.awaitErr(" ready; l4proxy ");
      assertEquals(0, scene.server.exit(), scene.server.said());
      scene.isServed();
    }
  }

  @Test
  @Tag("beside")
  void nextGoesOnWhenTheOldOneIsKilledMidway() throws IOException, InterruptedException {
    try (Scene scene = new Scene()) {
      Program next = scene.takeover();
      next.awaitErr("takes over process");
      scene.server.kill();
      scene.server.exit();
      next.awaitErr(" ready; l4proxy ");
      scene.isServed();
    }
  }

  @Test
  @Tag("beside")
  void withoutTheKernelsHelpThePromiseIsWithdrawn() throws IOException, InterruptedException {
    try (Scene scene = new Scene()) {
      scene.network.set("net.ipv4.tcp_migrate_req", "0");
      Program next = scene.takeover();
      next.awaitErr("may be refused: net.ipv4.tcp_migrate_req is not 1");
      next.awaitErr(" ready; l4proxy ");
      scene.isServed();
    }
  }

  @Test
  @Tag("beside")
  void hungNextIsGivenUp() throws IOException, InterruptedException {
    try (Scene scene = new Scene()) {
      Program next = scene.takeover();
      next.awaitErr("takes over process");
      next.signal("STOP");
      if (scene.server.err().count("is taken over") == 0) { // else it was faster than the signal
        scene.server.await(
            scene.server.err(), "it said nothing for 15 s; if process " + next.pid(), 0, LONG);
        next.signal("CONT");
        fails(next, "goes on instead: it said nothing for 15 s");
        scene.isServed();
      }
    }
  }

  /** As systemctl does it: nobody connects while no server runs, and nothing else is lost. */
  @Test
  void stopAndStartLoseOnlyUsersWhoComeBetween() throws IOException, InterruptedException {
    Path before = directory.resolve("before.log");
    Path after = directory.resolve("after.log");
    try (Scene scene = new Scene("--access_log", before.toString(), "--drain", "3s")) {
      Program crowd = scene.crowd();
      await(USERS / 10, before);
      long began = System.nanoTime();
      scene.server.terminate();
      assertEquals(0, scene.server.exit(), scene.server.said());
      Program next = scene.account.server("--access_log", after.toString());
      await(1, after);
      long served = System.nanoTime();
      await(USERS / 10, after);
      Result result = scene.result(crowd);
      assertEquals(TRANSFERS, result.cut(), crowd.said());
      long cut = crowd.awaitOut("^a transfer ").at();
      assertTrue(cut - began > Duration.ofMillis(2500).toNanos(), "cut too early");
      for (int i = 0; i < result.refused(); i++) {
        long at = crowd.await(crowd.out(), "^a user ", i, LONG).at();
        assertTrue(at - began > 0 && at - served < Duration.ofSeconds(1).toNanos(), crowd.said());
      }
      assertEquals(1, scene.client.out().all().size(), scene.client.said() + next.said());
    }
  }

  @Test
  @Tag("beside")
  void clientThatReadsItsFileAgainLosesNobody() throws IOException, InterruptedException {
    Path log = directory.resolve("users.log");
    Path file = directory.resolve("client.json");
    try (Scene scene = new Scene("--access_log", log.toString())) {
      scene.client.terminate();
      scene.client.exit();
      write(file, scene, "one");
      Program client = scene.account.l4proxy("client", "--config", file.toString());
      client.awaitOut("PUBLIC ADDRESS");
      Program crowd = scene.crowd();
      for (int i = 1; i <= 4; i++) {
        await(i * USERS / 5, log);
        write(file, scene, "name-" + i);
        client.signal("HUP");
        client.await(client.err(), "is read again", i - 1, LONG);
      }
      Result result = scene.result(crowd);
      assertEquals(0, result.refused(), crowd.said() + client.said());
      assertEquals(0, result.cut(), crowd.said() + client.said());
    }
  }

  private static void write(Path file, Scene scene, String name) throws IOException {
    Files.writeString(
        file,
        "{\"server\": \"%s\", \"services\": [{\"name\": \"%s\", \"port\": %d, \"publicPort\": %d}]}"
            .formatted(scene.account.control(), name, scene.backend, PUBLIC_PORT));
  }

  @Test
  @Tag("beside")
  void whatCannotBeTakenOverIsSaidInOneSentence() throws IOException, InterruptedException {
    try (Account account = new Account(directory)) {
      fails(account.startServer("--takeover"), "There is no server to take over");
      Program server = account.server();
      fails(
          account.startServer("--takeover", "--state_dir", directory.resolve("x").toString()),
          "There is no server to take over");
      fails(
          account.startServer(
              "--takeover", "--ctl_addr", "127.0.0.1:" + FreePorts.next(), "--api_addr", "none"),
          "its --ctl_addr is " + account.control());
      server.signal("STOP");
      fails(account.startServer("--takeover"), "it said nothing for 8 s");
      server.signal("CONT");
      server.terminate();
      assertEquals(0, server.exit(), server.said());
    }
  }

  private static void fails(Program program, String reason) throws InterruptedException {
    assertEquals(1, program.exit(Duration.ofSeconds(60)), program.said());
    List<String> said =
        program.err().all().stream().filter(line -> line.startsWith("l4proxy: ")).toList();
    assertEquals(1, said.size(), program.said());
    assertTrue(said.getFirst().contains(reason), program.said());
  }
}
