package l4proxy.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class StateDirectoryTest {
  @TempDir Path temp;

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void missingDirectoriesAreCreatedForTheOwnerAlone() throws Exception {
    Path path = temp.resolve("a/b/state");
    try (StateDirectory state = StateDirectory.open(path)) {
      state.write("x.json", "1");
      assertEquals("rwx------", mode(path));
      assertEquals("rwx------", mode(temp.resolve("a")));
      assertEquals("rw-------", mode(path.resolve("lock")));
      assertEquals("rw-------", mode(path.resolve("x.json")));
    }
  }

  @Test
  void modeOfAnExistingDirectoryIsLeftAlone() throws Exception {
    Path path = Files.createDirectory(temp.resolve("state"));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-x---"));
    StateDirectory.open(path).close();
    assertEquals("rwxr-x---", mode(path));
  }

  @Test
  void whatIsWrittenIsReadAndNothingElseIsLeft() throws Exception {
    try (StateDirectory state = StateDirectory.open(temp)) {
      assertEquals(Optional.empty(), state.read("x.json"));
      state.write("x.json", "first");
      state.write("x.json", "second, with ü and €");
      assertEquals(Optional.of("second, with ü and €"), state.read("x.json"));
      state.write("x.json", "");
      assertEquals(Optional.of(""), state.read("x.json"));
      assertEquals(List.of("lock", "x.json"), names(temp));
    }
  }

  @Test
  void writeTakesAReadableModeAway() throws Exception {
    Path file = Files.writeString(temp.resolve("x.json"), "old");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    try (StateDirectory state = StateDirectory.open(temp)) {
      state.write("x.json", "new");
    }
    assertEquals("rw-------", mode(file));
  }

  @Test
  void writeReplacesTheFileInsteadOfChangingIt() throws Exception {
    // Who has the old file open, as after a crash in between, still sees all of it.
    try (StateDirectory state = StateDirectory.open(temp)) {
      state.write("x.json", "old content");
      try (var old = Files.newInputStream(temp.resolve("x.json"))) {
        state.write("x.json", "new");
        assertEquals("old content", new String(old.readAllBytes(), UTF_8));
      }
    }
  }

  @Test
  void failedWriteLeavesTheOldContentAndNoTemporaryFile() throws Exception {
    try (StateDirectory state = StateDirectory.open(temp)) {
      // A directory cannot be replaced by a file, not even by root.
      Files.createDirectories(temp.resolve("x.json/inner"));
      var e = assertThrows(StateException.class, () -> state.write("x.json", "new"));
      assertTrue(e.getMessage().contains(temp.toRealPath().resolve("x.json").toString()));
      assertEquals(List.of("lock", "x.json"), names(temp));

      state.write("y.json", "old");
      String large = "x".repeat(WholeFile.MAX_BYTES + 1);
      assertThrows(StateException.class, () -> state.write("y.json", large));
      assertEquals(Optional.of("old"), state.read("y.json"));
    }
  }

  @Test
  void readersSeeTheOldOrTheNewContentWhole() throws Exception {
    try (StateDirectory state = StateDirectory.open(temp);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      state.write("x.json", "0".repeat(100_000));
      var writer =
          threads.submit(() -> {
            for (int i = 0; i < 100; i++) {
              state.write("x.json", Integer.toString(i % 10).repeat(100_000));
            }
            return true;
          });
      while (!writer.isDone()) {
        String seen = state.read("x.json").orElseThrow();
        assertEquals(seen.substring(0, 1).repeat(100_000), seen);
      }
      assertTrue(writer.get());
    }
  }

  @Test
  void symbolicLinkStaysAndItsTargetIsReplaced() throws Exception {
    Path real = Files.createDirectory(temp.resolve("real")).resolve("r.json");
    Files.writeString(real, "old");
    Path link = Files.createSymbolicLink(temp.resolve("x.json"), real);
    try (StateDirectory state = StateDirectory.open(temp)) {
      state.write("x.json", "new");
      assertEquals(Optional.of("new"), state.read("x.json"));
    }
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(real));
  }

  @Test
  void linkThatLeadsNowhereIsNotTakenForAMissingFile() throws Exception {
    Files.createSymbolicLink(temp.resolve("x.json"), temp.resolve("gone"));
    try (StateDirectory state = StateDirectory.open(temp)) {
      assertThrows(StateException.class, () -> state.read("x.json"));
      assertThrows(StateException.class, () -> state.write("x.json", "new"));
    }
  }

  @Test
  void fileThatIsTooLargeBinaryOrNoFileIsRefused() throws Exception {
    try (StateDirectory state = StateDirectory.open(temp)) {
      Files.write(temp.resolve("binary"), new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
      Files.createDirectory(temp.resolve("directory"));
      try (var huge = new RandomAccessFile(temp.resolve("huge").toFile(), "rw")) {
        huge.setLength(WholeFile.MAX_BYTES + 1L);
      }
      for (String name : List.of("binary", "directory", "huge")) {
        var e = assertThrows(StateException.class, () -> state.read(name), name);
        assertTrue(e.getMessage().contains(name), e.getMessage());
        assertTrue(e.getMessage().contains("move it away"), e.getMessage());
      }
    }
  }

  @Test
  void fileWithoutPermissionIsRefused() throws Exception {
    Path file = Files.writeString(temp.resolve("x.json"), "secret");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assumeFalse(Files.isReadable(file), "root reads every file");
    try (StateDirectory state = StateDirectory.open(temp)) {
      var e = assertThrows(StateException.class, () -> state.read("x.json"));
      assertTrue(e.getMessage().contains("permission denied"), e.getMessage());
    }
  }

  @Test
  void namesThatLeaveTheDirectoryAreRefused() throws Exception {
    try (StateDirectory state = StateDirectory.open(temp)) {
      for (String name : List.of("", "..", "../x", "a/b", "/etc/passwd", "lock", ".x", "a\0b")) {
        assertThrows(IllegalArgumentException.class, () -> state.read(name));
        assertThrows(IllegalArgumentException.class, () -> state.write(name, ""));
      }
    }
  }

  @Test
  void secondServerIsRefusedUntilTheFirstIsDone() throws Exception {
    Path link =
        Files.createSymbolicLink(temp.resolve("link"), Files.createDirectory(temp.resolve("d")));
    StateDirectory first = StateDirectory.open(temp.resolve("d"));
    for (Path again : List.of(temp.resolve("d"), temp.resolve("d/../d"), link)) {
      var e = assertThrows(StateException.class, () -> StateDirectory.open(again));
      assertTrue(e.getMessage().contains(first.path().toString()), e.getMessage());
      assertTrue(e.getMessage().contains("--state_dir"), e.getMessage());
    }
    first.close();
    first.close();
    StateDirectory second = StateDirectory.open(temp.resolve("d"));
    first.close();
    assertThrows(StateException.class, () -> StateDirectory.open(temp.resolve("d")));
    assertThrows(StateException.class, () -> first.write("x", ""));
    second.close();
  }

  @Test
  void directoryOfAServerInAnotherProcessIsRefusedUntilThatEnds() throws Exception {
    try (LockHolder other = LockHolder.start(temp, temp.resolve("lock"))) {
      assertTrue(other.hasLock());
      Path leftover = Files.writeString(temp.resolve(".x.1.l4proxy-tmp"), "being written");
      var e = assertThrows(StateException.class, () -> StateDirectory.open(temp));
      assertTrue(e.getMessage().contains("Another server uses"), e.getMessage());
      assertTrue(Files.exists(leftover));
    }
    StateDirectory.open(temp).close();
  }

  @Test
  void lockHoldsAgainstOtherProcessesEvenAfterARefusalInThisOne() throws Exception {
    try (StateDirectory state = StateDirectory.open(temp.resolve("d"))) {
      assertThrows(StateException.class, () -> StateDirectory.open(temp.resolve("d")));
      try (LockHolder other = LockHolder.start(temp, state.path().resolve("lock"))) {
        assertFalse(other.hasLock());
      }
    }
    try (LockHolder other = LockHolder.start(temp, temp.resolve("d/lock"))) {
      assertTrue(other.hasLock());
    }
  }

  @Test
  void leftoversOfACrashAreRemovedAndNothingElse() throws Exception {
    Files.writeString(temp.resolve(".keys.json.123.l4proxy-tmp"), "half");
    Files.createDirectory(temp.resolve(".identity.1.l4proxy-tmp"));
    Files.writeString(temp.resolve(".identity.1.l4proxy-tmp/identity.p12"), "half");
    Files.writeString(temp.resolve(".other.tmp"), "somebody else's");
    Files.writeString(temp.resolve("keys.json"), "whole");
    StateDirectory.open(temp).close();
    assertEquals(List.of(".other.tmp", "keys.json", "lock"), names(temp));
  }

  @Test
  void pathThatCannotBeADirectoryIsRefused() throws Exception {
    Path file = Files.writeString(temp.resolve("file"), "");
    for (Path path : List.of(file, file.resolve("below"))) {
      var e = assertThrows(StateException.class, () -> StateDirectory.open(path));
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
      assertTrue(e.getMessage().contains("--state_dir"), e.getMessage());
    }
    assertEquals("", Files.readString(file));
  }

  @Test
  void directoriesAreCreatedWhereThereAreNoModes() throws Exception {
    URI zip = URI.create("jar:" + temp.resolve("no-modes.zip").toUri());
    try (FileSystem noModes = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
      assertFalse(noModes.supportedFileAttributeViews().contains("posix"));
      Path directory = noModes.getPath("/a/b");
      PrivateFiles.createDirectories(directory);
      PrivateFiles.syncDirectory(directory);
      assertTrue(Files.isDirectory(directory));
    }
  }

  @Test
  void defaultPathFollowsVariableRootAndXdg() throws Exception {
    assertEquals(
        Path.of("/s"),
        StateDirectory.defaultPath(Map.of("L4PROXY_STATE_DIR", "/s", "HOME", "/h"), "root"));
    assertEquals(
        Path.of("/var/lib/l4proxy"),
        StateDirectory.defaultPath(Map.of("L4PROXY_STATE_DIR", "", "HOME", "/root"), "root"));
    assertEquals(
        Path.of("/x/l4proxy"),
        StateDirectory.defaultPath(Map.of("XDG_STATE_HOME", "/x", "HOME", "/h"), "me"));
    assertEquals(
        Path.of("/h/.local/state/l4proxy"),
        StateDirectory.defaultPath(Map.of("XDG_STATE_HOME", "relative", "HOME", "/h"), "me"));
    assertEquals(
        Path.of(System.getProperty("user.home"), ".local/state/l4proxy"),
        StateDirectory.defaultPath(Map.of(), "me"));
  }

  @Test
  void directoryThatIsTakenOverIsReadAndWrittenOnceItIsGivenUp() throws Exception {
    Path d = temp.resolve("d");
    assertThrows(StateException.class, () -> StateDirectory.beside(d));
    StateDirectory last = StateDirectory.open(d);
    last.write("x", "old");
    assertTrue(StateDirectory.isHeld(d));
    try (StateDirectory next = StateDirectory.beside(d)) {
      assertEquals(Optional.of("old"), next.read("x"));
      var early = assertThrows(StateException.class, () -> next.write("x", "new"));
      assertTrue(early.getMessage().contains("try again"), early.getMessage());
      assertThrows(StateException.class, () -> next.hold(Duration.ofMillis(50)));
      last.close();
      next.hold(Duration.ofSeconds(5));
      next.write("x", "new");
      assertThrows(StateException.class, () -> StateDirectory.open(d));
    }
    assertFalse(StateDirectory.isHeld(d));
    try (StateDirectory again = StateDirectory.open(d)) {
      assertEquals(Optional.of("new"), again.read("x"));
    }
  }

  @Test
  void directoryThatIsGivenUpIsElsewhereWhileAnotherHoldsIt() throws Exception {
    try (StateDirectory first = StateDirectory.open(temp)) {
      assertFalse(first.isElsewhere());
      first.release();
      assertFalse(first.isElsewhere());
      try (StateDirectory next = StateDirectory.beside(temp)) {
        next.hold(Duration.ofSeconds(5));
        assertTrue(first.isElsewhere());
      }
      assertFalse(first.isElsewhere());
      first.hold(Duration.ofSeconds(5));
      assertFalse(first.isElsewhere());
    }
  }

  @Test
  void directoryThatWasClosedIsNotHeldAgain() throws Exception {
    StateDirectory given = StateDirectory.open(temp);
    given.release();
    given.close();
    StateException closed =
        assertThrows(StateException.class, () -> given.hold(Duration.ofMinutes(1)));
    assertTrue(closed.getMessage().contains("was closed"), closed.getMessage());
    StateDirectory.open(temp).close();
  }

  @Test
  void directoryHeldByAnotherProcessIsSeenAsSuch() throws Exception {
    assertFalse(StateDirectory.isHeld(temp.resolve("none")));
    try (LockHolder other = LockHolder.start(temp, temp.resolve("lock"))) {
      assertTrue(other.hasLock());
      assertTrue(StateDirectory.isHeld(temp));
    }
    assertFalse(StateDirectory.isHeld(temp));
  }
}
