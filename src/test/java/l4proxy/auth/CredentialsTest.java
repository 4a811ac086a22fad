package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import l4proxy.auth.Credentials.Entry;
import l4proxy.net.HostPort;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
final class CredentialsTest {
  private static final Pin PIN = new Pin("A".repeat(43));
  private static final Pin OTHER_PIN = new Pin("B".repeat(42) + "A");
  private static final HostPort SERVER = new HostPort("127.0.0.1", 2222);

  @TempDir Path temp;
  private Path file;
  private Credentials credentials;

  private static JoinKey key(Pin pin) {
    return JoinKey.create(pin, new SecureRandom());
  }

  @BeforeEach
  void name() {
    file = temp.resolve("config/l4proxy/credentials.json");
    credentials = new Credentials(file);
  }

  @Test
  void missingFileHasNoEntryAndIsNotCreatedByLooking() throws Exception {
    assertEquals(Optional.empty(), credentials.find(SERVER));
    assertFalse(Files.exists(file.getParent()));
  }

  @Test
  void keptEntriesAreFound() throws Exception {
    Entry key = Entry.of(key(PIN));
    Entry pin = Entry.of(OTHER_PIN);
    HostPort six = new HostPort("::1", 2222);
    assertTrue(credentials.keep(SERVER, key));
    assertTrue(credentials.keep(six, pin));
    Credentials again = new Credentials(file);
    assertEquals(Optional.of(key), again.find(SERVER));
    assertEquals(PIN, again.find(SERVER).orElseThrow().serverPin());
    assertEquals(Optional.of(pin), again.find(six));
    assertEquals(OTHER_PIN, again.find(six).orElseThrow().serverPin());
    assertEquals(Optional.empty(), again.find(new HostPort("127.0.0.1", 2223)));
    assertEquals(Optional.empty(), again.find(new HostPort("localhost", 2222)));
  }

  @Test
  void hostNamesAreFoundWhateverTheirCase() throws Exception {
    credentials.keep(HostPort.parse("Example.org:1", -1), Entry.of(PIN));
    assertTrue(credentials.find(HostPort.parse("EXAMPLE.org:1", -1)).isPresent());
  }

  @Test
  void fileReadsAsDocumented() throws Exception {
    JoinKey key = key(PIN);
    Files.createDirectories(file.getParent());
    Files.writeString(
        file,
        "{\"127.0.0.1:2222\":{\"key\":\"%s\"},\"[::1]:2222\":{\"pin\":\"%s\"}}"
            .formatted(key.text(), PIN.text()));
    assertEquals(Optional.of(Entry.of(key)), credentials.find(SERVER));
    assertEquals(Optional.of(Entry.of(PIN)), credentials.find(new HostPort("::1", 2222)));
  }

  @Test
  void keepNeverReplaces() throws Exception {
    Entry first = Entry.of(key(PIN));
    credentials.keep(SERVER, first);
    for (Entry other :
        List.of(Entry.of(key(PIN)), Entry.of(key(OTHER_PIN)), Entry.of(PIN), first)) {
      assertFalse(credentials.keep(SERVER, other));
      assertEquals(Optional.of(first), credentials.find(SERVER));
    }
  }

  @Test
  void serversOwnKeyReplacesWhatWasThereAndNothingElse() throws Exception {
    HostPort elsewhere = new HostPort("example.org", 2222);
    Entry kept = Entry.of(key(OTHER_PIN));
    Entry own = Entry.of(key(PIN));
    credentials.keep(elsewhere, kept);
    credentials.keep(SERVER, Entry.of(key(OTHER_PIN)));
    credentials.replace(Credentials.ownAddresses(new HostPort("", 2222)), own);
    for (String host : List.of("127.0.0.1", "localhost", "::1")) {
      assertEquals(Optional.of(own), credentials.find(new HostPort(host, 2222)));
    }
    assertEquals(Optional.of(kept), credentials.find(elsewhere));
    Entry newKey = Entry.of(key(PIN));
    credentials.replace(List.of(SERVER), newKey);
    assertEquals(Optional.of(newKey), credentials.find(SERVER));
  }

  @Test
  void serversOwnPinLeavesAKeyForTheSameServerAlone() throws Exception {
    Entry key = Entry.of(key(PIN));
    credentials.keep(SERVER, key);
    credentials.replace(List.of(SERVER), Entry.of(PIN));
    assertEquals(Optional.of(key), credentials.find(SERVER));
    credentials.replace(List.of(SERVER), Entry.of(OTHER_PIN));
    assertEquals(Optional.of(Entry.of(OTHER_PIN)), credentials.find(SERVER));
  }

  @Test
  void ownAddressesAreTheBoundOneOrLoopback() {
    HostPort bound = new HostPort("10.0.0.1", 1);
    assertEquals(List.of(bound), Credentials.ownAddresses(bound));
    for (String wildcard : List.of("", "0.0.0.0", "::")) {
      assertEquals(
          "[127.0.0.1:1, localhost:1, [::1]:1]",
          Credentials.ownAddresses(new HostPort(wildcard, 1)).toString());
    }
  }

  @Test
  void onlyTheOwnerMayReadIt() throws Exception {
    credentials.keep(SERVER, Entry.of(PIN));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    credentials.keep(new HostPort("h", 1), Entry.of(PIN));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    for (Path directory : List.of(file.getParent(), temp.resolve("config"))) {
      assertEquals(
          "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
    }
  }

  @Test
  void leftoversAreRemovedWithTheNextChange() throws Exception {
    Files.createDirectories(file.getParent());
    Path leftover = file.resolveSibling(".credentials.json.5.l4proxy-tmp");
    Files.writeString(leftover, "half");
    credentials.keep(SERVER, Entry.of(PIN));
    try (Stream<Path> entries = Files.list(file.getParent())) {
      assertEquals(
          List.of("credentials.json", "credentials.json.lock"),
          entries.map(entry -> entry.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void noEntryIsLostWhenThreadsWriteAtOnce() throws Exception {
    List<Future<Boolean>> done = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 40; i++) {
        HostPort server = new HostPort("h", 1 + i / 2);
        done.add(threads.submit(() -> new Credentials(file).keep(server, Entry.of(key(PIN)))));
      }
    }
    int added = 0;
    for (Future<Boolean> task : done) {
      added += task.get() ? 1 : 0;
    }
    assertEquals(20, added);
    for (int port = 1; port <= 20; port++) {
      assertTrue(credentials.find(new HostPort("h", port)).isPresent());
    }
  }

  @Test
  void changeWaitsForAnotherProcess() throws Exception {
    Files.createDirectories(file.getParent());
    String others = "{\"other:1\":{\"pin\":\"" + PIN + "\"}}";
    Path lock = Path.of(file + ".lock");
    try (LockHolder other = LockHolder.start(temp, lock, file.toString(), others);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      assertTrue(other.hasLock());
      Future<Boolean> kept = threads.submit(() -> credentials.keep(SERVER, Entry.of(PIN)));
      assertThrows(TimeoutException.class, () -> kept.get(200, TimeUnit.MILLISECONDS));
      other.release();
      assertTrue(kept.get());
    }
    assertTrue(credentials.find(new HostPort("other", 1)).isPresent());
    assertTrue(credentials.find(SERVER).isPresent());
  }

  static Stream<String> corruptFiles() {
    String key = key(PIN).text();
    return Stream.of(
        "",
        "null",
        "[]",
        "{",
        "{\"h:1\":",
        "{\"h:1\":null}",
        "{\"h:1\":{}}",
        "{\"h:1\":\"" + key + "\"}",
        "{\"h:1\":{\"key\":null}}",
        "{\"h:1\":{\"key\":5}}",
        "{\"h:1\":{\"key\":\"" + key + "A\"}}",
        "{\"h:1\":{\"key\":\"" + key.substring(5) + "\"}}",
        "{\"h:1\":{\"key\":\"" + key.replace('_', '+') + "\"}}",
        "{\"h:1\":{\"pin\":\"" + key + "\"}}",
        "{\"h:1\":{\"key\":\"" + key + "\",\"pin\":\"" + PIN + "\"}}",
        "{\"h:1\":{\"key\":\"" + key + "\",\"" + key + "\":1}}",
        "{\"h:1\":{\"key\":\"" + key + "\",\"key\":\"" + key + "\"}}",
        "{\"h:1\":{\"key\":\"" + key + "\"},\"h:1\":{\"key\":\"" + key + "\"}}",
        "{\"h:1\":{\"key\":\"" + key + "\"},\"H:1\":{\"key\":\"" + key + "\"}}",
        "{\"h\":{\"key\":\"" + key + "\"}}",
        "{\"" + key + "\":{\"key\":\"" + key + "\"}}",
        "{\"" + key.substring(48) + "\":{\"key\":\"" + key + "\"}}",
        "{\"h:1\":{\"key\":\"" + key + "\"}}{}",
        "{\"h:1\":{\"key\":\"" + key + "\"",
        "{'h:1':{'key':'" + key + "'}}",
        key);
  }

  @ParameterizedTest
  @MethodSource("corruptFiles")
  void corruptFileIsRefusedNeverQuotedAndStaysAsItIs(String content) throws Exception {
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
    for (var e :
        List.of(
            assertThrows(StateException.class, () -> credentials.find(SERVER)),
            assertThrows(StateException.class, () -> credentials.keep(SERVER, Entry.of(PIN))),
            assertThrows(
                StateException.class, () -> credentials.replace(List.of(SERVER), Entry.of(PIN))))) {
      assertTrue(e.getMessage().startsWith(file + " is damaged ("), e.getMessage());
      assertTrue(e.getMessage().contains("move it away"), e.getMessage());
      assertFalse(e.getMessage().contains("l4p1_A"), e.getMessage());
      for (int i = content.indexOf("l4p1_") + 48; i + 6 < content.length(); i++) {
        String part = content.substring(i, i + 6);
        assertFalse(part.matches("[\\w-]{6}") && e.getMessage().contains(part), e.getMessage());
      }
      assertEquals(null, e.getCause());
    }
    assertEquals(content, Files.readString(file));
  }

  @Test
  void placeThatCannotBeWrittenIsNamed() throws Exception {
    Path blocker = Files.writeString(temp.resolve("blocker"), "");
    Credentials below = new Credentials(blocker.resolve("credentials.json"));
    var e = assertThrows(StateException.class, () -> below.keep(SERVER, Entry.of(PIN)));
    assertTrue(e.getMessage().contains(below.path().toString()), e.getMessage());
  }

  @Test
  void entryHasAKeyOrAPin() {
    assertThrows(
        IllegalArgumentException.class, () -> new Entry(Optional.empty(), Optional.empty()));
    assertThrows(
        IllegalArgumentException.class, () -> new Entry(Optional.of(key(PIN)), Optional.of(PIN)));
    JoinKey key = key(PIN);
    assertFalse(Entry.of(key).toString().contains(key.secret()));
  }

  @Test
  void defaultPathFollowsXdg() throws Exception {
    assertEquals(
        Path.of("/x/l4proxy/credentials.json"),
        Credentials.defaultPath(Map.of("XDG_CONFIG_HOME", "/x", "HOME", "/h")));
    assertEquals(
        Path.of("/h/.config/l4proxy/credentials.json"),
        Credentials.defaultPath(Map.of("HOME", "/h")));
  }
}
