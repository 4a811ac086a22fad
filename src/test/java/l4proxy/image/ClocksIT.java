package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import l4proxy.EchoBackend;
import l4proxy.lab.Home;
import l4proxy.lab.Lab;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The clock of either side jumps by an hour, forth and back: nobody notices. */
@Tag("beside")
@Timeout(300)
final class ClocksIT {
  private static final Duration JUMP = Duration.ofHours(1);
  private static final Duration NEAR = Duration.ofMinutes(10);

  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSZ");

  /** Longer than any limit that a clock set forth could let pass at once would take to show. */
  private static final Duration LOOK = Duration.ofSeconds(Faults.longOr(70, 12));

  @TempDir private Path directory;

  private static Path library() {
    try (Stream<Path> architectures = Files.list(Path.of("/usr/lib"))) {
      return architectures
          .map(each -> each.resolve("faketime/libfaketimeMT.so.1"))
          .filter(Files::exists)
          .findFirst()
          .orElseGet(() -> Path.of(Tools.skip("faketime is not installed")));
    } catch (IOException e) {
      return Path.of(Tools.skip("faketime is not installed"));
    }
  }

  /** The environment of a process whose clock a file sets; what it measures time by goes right. */
  private Map<String, String> clock() throws IOException {
    return Map.of(
        "LD_PRELOAD",
        library().toString(),
        "FAKETIME_TIMESTAMP_FILE",
        set(Duration.ZERO).toString(),
        "FAKETIME_CACHE_DURATION", // seconds until it looks at the file again
        "1",
        "FAKETIME_DONT_FAKE_MONOTONIC",
        "1",
        "FAKETIME_FORCE_MONOTONIC_FIX", // else it lets each timed wait of a JVM end at once
        "0");
  }

  private Path set(Duration offset) throws IOException {
    Path file = directory.resolve("clock");
    Path next = directory.resolve("clock.next");
    Files.writeString(next, "%+d\n".formatted(offset.toSeconds()));
    return Files.move(
        next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void jumpsOfTheServersClockAreNotNoticed() throws IOException, InterruptedException {
    jump(clock(), Map.of(), true);
  }

  @Test
  void jumpsOfTheClientsClockAreNotNoticed() throws IOException, InterruptedException {
    jump(Map.of(), clock(), false);
  }

  private void jump(Map<String, String> ofServer, Map<String, String> ofClient, boolean ofServers)
      throws IOException, InterruptedException {
    try (Deployment deployment = new Deployment(directory)) {
      Home home = deployment.lab().first();
      EchoBackend backend = deployment.backend(home);
      Program server = deployment.startServer(ofServer);
      String to = Lab.SERVER + ":" + Deployment.CONTROL;
      Program client = deployment.startClient(home, ofClient, to, backend);
      int port = Deployment.publicPort(client);
      try (Socket user = deployment.user(port)) {
        for (Duration offset : List.of(JUMP, Duration.ZERO, JUMP.negated())) {
          set(offset);
          Faults.lasts(LOOK);
          Users.echo(user);
          deployment.isServed(port);
        }
      }
      assertEquals(1, client.err().count(" connected to server"), client.said());
      assertEquals(0, server.err().count("is gone"), server.said());
      deployment.awaitSettled(home, port);
      isBehind(client, server, ofServers);
    }
  }

  /** The last jump was one: the side whose clock it is writes that time into its log. */
  private static void isBehind(Program client, Program server, boolean ofServers)
      throws InterruptedException {
    Recovery recovery = new Recovery(server, client);
    (ofServers ? client : server).kill();
    if (ofServers) {
      recovery.serverKnows();
    } else {
      recovery.clientKnows();
    }
    String line = (ofServers ? server : client).err().all().getLast();
    Instant time = STAMP.parse(line.substring(0, line.indexOf(' ')), Instant::from);
    Duration off = Duration.between(Instant.now().minus(JUMP), time).abs();
    assertEquals(-1, off.compareTo(NEAR), line);
  }
}
