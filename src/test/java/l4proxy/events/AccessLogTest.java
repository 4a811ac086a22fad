package l4proxy.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import l4proxy.LeakCheck;
import l4proxy.RecordedEvents;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
@ExtendWith(LeakCheck.class)
final class AccessLogTest {
  @TempDir private Path directory;
  private final Counters counters = new Counters();
  private final RecordedEvents events = new RecordedEvents();

  private static Event.UserEnded ended(long user, EndedBy reason, Optional<Duration> dial) {
    return new Event.UserEnded(
        user,
        "192.0.2.1:4000",
        new Event.ServedBy("web", "cAbc", "192.0.2.9:5000", "default"),
        reason,
        12,
        345,
        Duration.ofMillis(6789),
        dial,
        2);
  }

  private static Event.UserEnded ended(long user) {
    return ended(user, EndedBy.USER, Optional.of(Duration.ofMillis(11)));
  }

  private AccessLog log(Path path) throws IOException {
    return new AccessLog(LogFile.open(path), counters, events);
  }

  /** The numbers of users that lines stand for: the ports of their addresses. */
  private static List<Long> users(Path path) throws IOException {
    return Files.readAllLines(path).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .map(line -> Long.valueOf(line.get("userAddr").getAsString().substring(10)))
        .toList();
  }

  private static Event.UserEnded numbered(long user) {
    Event.UserEnded any = ended(user);
    return new Event.UserEnded(
        user,
        "192.0.2.1:" + user,
        any.by(),
        any.endedBy(),
        any.bytesIn(),
        any.bytesOut(),
        any.time(),
        any.dial(),
        any.retries());
  }

  @Test
  void pipeWithoutAReaderHoldsNobodyUp() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    CompletableFuture<AccessLog> opened = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("opens")
        .start(() -> {
          try {
            opened.complete(log(pipe));
          } catch (IOException e) {
            opened.completeExceptionally(e);
          }
        });
    AccessLog log = opened.get(20, TimeUnit.SECONDS);
    log.happened(ended(1));
    try (BufferedReader reader = Files.newBufferedReader(pipe)) {
      assertTrue(reader.readLine().contains("\"userAddr\":\"192.0.2.1:4000\""));
    }
    log.close();
    assertEquals(List.of(), events.all());
  }

  @ParameterizedTest
  @EnumSource
  void lineHasTheFieldsOfTheContract(EndedBy reason) {
    JsonObject line =
        JsonParser.parseString(
                AccessLog.line(ended(1, reason, Optional.of(Duration.ofNanos(11_900_000)))))
            .getAsJsonObject();
    Instant.parse(line.remove("time").getAsString());
    assertEquals(
        JsonParser.parseString(
            """
            {"service":"web","client":"cAbc","userAddr":"192.0.2.1:4000","member":"192.0.2.9:5000",
             "bytesIn":12,"bytesOut":345,"millis":6789,"dialMillis":11,"retries":2}\
            """),
        without(line, "endedBy"));
    assertTrue(
        List.of("user", "backend", "reset", "idle", "limit", "closed", "shutdown", "refused")
            .contains(line.get("endedBy").getAsString()),
        line.toString());
  }

  private static JsonObject without(JsonObject object, String field) {
    JsonObject copy = object.deepCopy();
    copy.remove(field);
    return copy;
  }

  @Test
  void userWithoutABackendHasNoDial() {
    String line = AccessLog.line(ended(1, EndedBy.REFUSED, Optional.empty()));
    assertTrue(line.contains("\"dialMillis\":-1,"), line);
  }

  @Test
  void closeWritesWhatIsLeftBehindWhatWasThere() throws IOException {
    Path path = Files.writeString(directory.resolve("access.log"), "earlier\n");
    try (AccessLog log = log(path)) {
      for (int user = 0; user < 3000; user++) {
        log.happened(numbered(user));
      }
      log.happened(new Event.Noted("not for the access log"));
    }
    List<String> lines = Files.readAllLines(path);
    assertEquals("earlier", lines.getFirst());
    Files.write(path, lines.subList(1, lines.size()));
    assertEquals(LongStream.range(0, 3000).boxed().toList(), users(path));
    assertEquals(0, counters.linesLost());
  }

  @Test
  void fileThatWasMovedIsFollowedByANewOne() throws IOException {
    Path path = directory.resolve("access.log");
    Path moved = directory.resolve("access.log.1");
    try (AccessLog log = log(path)) {
      log.happened(numbered(1));
      Awaitility.await().until(() -> users(path).equals(List.of(1L)));
      Files.move(path, moved);
      log.happened(numbered(2));
      Awaitility.await().until(() -> Files.exists(path) && users(path).equals(List.of(2L)));
      Files.delete(path);
      log.happened(numbered(3));
    }
    assertEquals(List.of(1L), users(moved));
    assertEquals(List.of(3L), users(path));
  }

  @Test
  void directoryThatIsGoneLosesLinesUntilItIsBack() throws IOException {
    Path inner = Files.createDirectory(directory.resolve("inner"));
    Path path = inner.resolve("access.log");
    try (AccessLog log = log(path)) {
      Files.delete(path);
      Files.delete(inner);
      log.happened(numbered(1));
      Awaitility.await().until(() -> counters.linesLost() == 1);
      Awaitility.await().until(() -> events.of(Event.Warned.class).size() == 1);
      Files.createDirectory(inner);
      log.happened(numbered(2));
    }
    assertEquals(List.of(2L), users(path));
    assertTrue(events.of(Event.Warned.class).getFirst().text().contains(path.toString()));
  }

  @Test
  void stuckFileHoldsUpNobodyAndIsWarnedOfOnceASecond() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    Process reader =
        new ProcessBuilder("sh", "-c", "exec sleep 100 < \"$0\"", pipe.toString()).start();
    long began = System.nanoTime();
    try (AccessLog log = log(pipe)) { // opening waits for the reader
      began = System.nanoTime();
      for (int user = 0; user < 3 * AccessLog.QUEUE; user++) {
        log.happened(numbered(user));
      }
      assertTrue(counters.linesLost() > AccessLog.QUEUE, "lost " + counters.linesLost());
      long warned = events.of(Event.Warned.class).size();
      long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds();
      assertTrue(warned >= 1 && warned <= 1 + seconds, warned + " warnings in " + seconds + " s");
      began = System.nanoTime();
    } finally {
      reader.destroyForcibly().waitFor();
    }
    assertTrue(Duration.ofNanos(System.nanoTime() - began).toSeconds() < 10);
  }

  @Test
  void streamIsWrittenToAndLeftOpen() {
    boolean[] closed = {false};
    ByteArrayOutputStream out =
        new ByteArrayOutputStream() {
          @Override
          public void close() {
            closed[0] = true;
          }
        };
    try (AccessLog log = new AccessLog(LogFile.of(out), counters, events)) {
      log.happened(ended(1));
    }
    assertEquals(1, out.toString(StandardCharsets.UTF_8).lines().count());
    assertEquals(false, closed[0]);
  }
}
