package l4proxy.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import l4proxy.net.PortRanges;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
final class KeysTest {
  private static final Pin PIN = new Pin("A".repeat(43));
  private static final Pin OTHER_PIN = new Pin("B".repeat(42) + "A");

  @TempDir Path temp;
  private StateDirectory state;

  @BeforeEach
  void open() throws Exception {
    state = StateDirectory.open(temp);
  }

  @AfterEach
  void close() {
    state.close();
  }

  @Test
  void firstStartCreatesAdminAndDefaultOnce() throws Exception {
    Keys keys = Keys.open(state, PIN);
    FirstKeys first = keys.created().orElseThrow();
    Key admin = keys.find(first.adminKey().secret()).orElseThrow();
    Key normal = keys.find(first.defaultKey().secret()).orElseThrow();
    assertEquals("admin", admin.name());
    assertTrue(admin.admin());
    assertEquals("default", normal.name());
    assertFalse(normal.admin());
    assertEquals(PIN, first.adminKey().pin());
    assertEquals(List.of(admin, normal), keys.list());

    Keys again = Keys.open(state, PIN);
    assertEquals(Optional.empty(), again.created());
    assertEquals(keys.list(), again.list());
  }

  @Test
  void onlyTheDigestIsStored() throws Exception {
    Keys keys = Keys.open(state, PIN);
    JoinKey key = keys.create("ci", Grant.ALL).joinKey();
    String file = state.read("keys.json").orElseThrow();
    assertFalse(file.contains(key.secret()));
    assertFalse(file.contains("l4p1_"));
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.secret().getBytes(UTF_8));
    assertTrue(file.contains(HexFormat.of().formatHex(digest)));
  }

  @Test
  void limitsSurviveARestart() throws Exception {
    Instant before = Instant.now().minusSeconds(1);
    JoinKey secret =
        Keys.open(state, PIN)
            .create(
                "ci", new Grant(true, Optional.of(PortRanges.parse("2200-2299,80")), 3, 500_000))
            .joinKey();
    Key key = Keys.open(state, PIN).find(secret.secret()).orElseThrow();
    assertEquals("ci", key.name());
    assertTrue(key.admin());
    assertEquals(Optional.of(PortRanges.parse("80,2200-2299")), key.ports());
    assertEquals(3, key.maxServices());
    assertEquals(500_000, key.limitRate());
    assertTrue(key.createdAt().isAfter(before) && !key.createdAt().isAfter(Instant.now()));
  }

  @Test
  void fileWithoutRatesIsRead() throws Exception {
    JoinKey secret =
        Keys.open(state, PIN)
            .create("ci", new Grant(false, Optional.empty(), 3, 500_000))
            .joinKey();
    Path file = temp.resolve("keys.json");
    String text = Files.readString(file);
    String before = text.replaceAll("\\s*\"limitRate\": [0-9]+,", "");
    assertNotEquals(text, before);
    Files.writeString(file, before);
    assertEquals(0, Keys.open(state, PIN).find(secret.secret()).orElseThrow().limitRate());
  }

  @Test
  void anythingMayBeAskedFor() throws Exception {
    Keys keys = Keys.open(state, PIN);
    String secret = keys.created().orElseThrow().adminKey().secret();
    for (String text :
        List.of(
            "",
            "x",
            secret + "A",
            secret.substring(1),
            " " + secret,
            "\0",
            "\ud800",
            "x".repeat(1_000_000),
            keys.named("admin").orElseThrow().secretSha256())) {
      assertEquals(Optional.empty(), keys.find(text));
    }
    assertEquals(Optional.empty(), keys.named("nobody"));
    assertEquals(Optional.empty(), keys.named(""));
  }

  @Test
  void nameTakenIsRefusedAndNothingChanges() throws Exception {
    Keys keys = Keys.open(state, PIN);
    String before = state.read("keys.json").orElseThrow();
    var e = assertThrows(KeyConflictException.class, () -> keys.create("admin", Grant.ALL));
    assertTrue(e.getMessage().contains("admin"));
    assertThrows(IllegalArgumentException.class, () -> keys.create("a b", Grant.ALL));
    assertThrows(
        IllegalArgumentException.class,
        () -> keys.create("ab", new Grant(false, Optional.empty(), -1, 0)));
    assertEquals(before, state.read("keys.json").orElseThrow());
    assertEquals(2, keys.list().size());
  }

  @Test
  void revokedKeyIsGoneForGoodAndListenersAreTold() throws Exception {
    Keys keys = Keys.open(state, PIN);
    NewKey made = keys.create("ci", Grant.ALL);
    JoinKey secret = made.joinKey();
    Key key = keys.find(secret.secret()).orElseThrow();
    assertEquals(key, made.key());
    List<Key> revoked = new ArrayList<>();
    List<Boolean> stillFound = new ArrayList<>();
    keys.onRevoked(revoked::add);
    keys.onRevoked(gone -> stillFound.add(keys.contains(gone)));
    assertTrue(keys.contains(key));

    assertTrue(keys.revoke("ci"));
    assertEquals(List.of(key), revoked);
    assertEquals(List.of(false), stillFound);
    assertEquals(Optional.empty(), keys.find(secret.secret()));
    assertEquals(Optional.empty(), Keys.open(state, PIN).find(secret.secret()));
    assertFalse(keys.revoke("ci"));
    assertEquals(1, revoked.size());

    keys.create("ci", Grant.ALL);
    assertFalse(keys.contains(key), "a new key of that name is another key");
  }

  @Test
  void allKeysMayBeRevokedAndNoneComesBack() throws Exception {
    Keys keys = Keys.open(state, PIN);
    keys.revoke("admin");
    keys.revoke("default");
    Keys again = Keys.open(state, PIN);
    assertEquals(List.of(), again.list());
    assertEquals(Optional.empty(), again.created());
  }

  @Test
  void changeThatCannotBeStoredIsNoChange() throws Exception {
    Keys keys = Keys.open(state, PIN);
    List<Key> before = keys.list();
    keys.onRevoked(_ -> assertTrue(false, "nothing was revoked"));
    state.close();
    assertThrows(StateException.class, () -> keys.create("ci", Grant.ALL));
    assertThrows(StateException.class, () -> keys.revoke("admin"));
    assertEquals(before, keys.list());
  }

  @Test
  void nameOfClientsWithoutAKeyIsNoKeysName() throws Exception {
    Keys keys = Keys.open(state, PIN);
    var e = assertThrows(IllegalArgumentException.class, () -> keys.create(Keys.NOBODY, Grant.ALL));
    assertTrue(e.getMessage().contains("choose another"), e.getMessage());
    assertEquals(2, keys.list().size());
  }

  @Test
  void keysOfAnotherIdentityAreRefused() throws Exception {
    Keys.open(state, PIN);
    var e = assertThrows(StateException.class, () -> Keys.open(state, OTHER_PIN));
    assertTrue(e.getMessage().contains("keys.json"), e.getMessage());
    assertTrue(e.getMessage().contains("identity.pem"), e.getMessage());
  }

  @Test
  void tenThousandKeysAreTheMost() throws Exception {
    Instant now = Instant.parse("2025-01-01T00:00:00Z");
    List<Key> full =
        IntStream.range(0, Keys.MAX_KEYS)
            .mapToObj(
                i -> new Key("k" + i, "%064x".formatted(i), false, Optional.empty(), 0, 0, now))
            .toList();
    state.write("keys.json", KeysText.text(PIN, full));
    Keys keys = Keys.open(state, PIN);
    assertEquals(full, keys.list());
    var e = assertThrows(KeyConflictException.class, () -> keys.create("more", Grant.ALL));
    assertTrue(e.getMessage().contains("revoke"), e.getMessage());
    keys.revoke("k5");
    keys.create("more", Grant.ALL);

    List<Key> tooMany = new ArrayList<>(full);
    tooMany.add(new Key("k", "f".repeat(64), false, Optional.empty(), 0, 0, now));
    state.write("keys.json", KeysText.text(PIN, tooMany));
    assertThrows(StateException.class, () -> Keys.open(state, PIN));
  }

  @Test
  void theLargestFileIsReadAgain() throws Exception {
    StringBuilder ports = new StringBuilder("11111");
    for (int port = 11113; ports.length() + 6 <= 1024; port += 2) {
      ports.append(',').append(port);
    }
    Instant now = Instant.parse("2025-01-01T00:00:00.123456789Z");
    List<Key> largest =
        IntStream.range(0, Keys.MAX_KEYS)
            .mapToObj(i ->
                new Key(
                    "%064d".formatted(i),
                    "%064x".formatted(i),
                    false,
                    Optional.of(PortRanges.parse(ports.toString())),
                    Integer.MAX_VALUE,
                    Integer.MAX_VALUE,
                    now))
            .toList();
    state.write("keys.json", KeysText.text(PIN, largest));
    assertEquals(largest, Keys.open(state, PIN).list());
  }

  @Test
  void manyThreadsCreateFindAndRevoke() throws Exception {
    Keys keys = Keys.open(state, PIN);
    CountDownLatch start = new CountDownLatch(1);
    List<Future<?>> done = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 50; i++) {
        String name = "k" + i;
        boolean revoked = i % 2 == 0;
        Callable<?> task =
            () -> {
              start.await();
              JoinKey key = keys.create(name, Grant.ALL).joinKey();
              assertEquals(name, keys.find(key.secret()).orElseThrow().name());
              if (revoked) {
                assertTrue(keys.revoke(name));
                assertEquals(Optional.empty(), keys.find(key.secret()));
              }
              return null;
            };
        done.add(threads.submit(task));
      }
      start.countDown();
      for (Future<?> task : done) {
        task.get();
      }
    }
    assertEquals(27, keys.list().size());
    assertEquals(keys.list(), Keys.open(state, PIN).list());
  }

  @Test
  void oneOfManyGetsAName() throws Exception {
    Keys keys = Keys.open(state, PIN);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Callable<Boolean> task =
          () -> {
            try {
              keys.create("same", Grant.ALL);
              return true;
            } catch (KeyConflictException e) {
              return false;
            }
          };
      int created = 0;
      for (Future<Boolean> done : threads.invokeAll(Collections.nCopies(20, task))) {
        created += done.get() ? 1 : 0;
      }
      assertEquals(1, created);
    }
  }

  static Stream<String> corruptFiles() {
    String digest = "0".repeat(64);
    String key =
        """
        {"name":"a","secretSha256":"%s","admin":false,"maxServices":0,\
        "createdAt":"2025-01-01T00:00:00Z"}\
        """
            .formatted(digest);
    String head = "{\"pin\":\"" + PIN + "\",\"keys\":";
    return Stream.of(
        "",
        " \n",
        "null",
        "[]",
        "1",
        "\"x\"",
        "{",
        "{}",
        "not JSON",
        "\0\0\0\0",
        head,
        head + "[" + key,
        head + "[" + key + "]} trailing",
        head + "[" + key + "]}}",
        head + "[" + key + ",]}",
        head + "[" + key + "],\"keys\":[]}",
        head + "[" + key + "],\"rate\":5}",
        head + "null}",
        head + "{}}",
        head + "[null]}",
        head + "[[]]}",
        head + "[\"a\"]}",
        head + "[{}]}",
        head + "[" + key + "," + key + "]}",
        head + "[" + key + "," + key.replace("\"a\"", "\"b\"") + "]}",
        head + "[" + key + "," + key.replace(digest, "1".repeat(64)) + "]}",
        head + "[" + key.replace("\"a\"", "null") + "]}",
        head + "[" + key.replace("\"a\"", "5") + "]}",
        head + "[" + key.replace("\"a\"", "\"a b\"") + "]}",
        head + "[" + key.replace("\"a\"", "\"\"") + "]}",
        head + "[" + key.replace(digest, "0".repeat(63)) + "]}",
        head + "[" + key.replace(digest, "g".repeat(64)) + "]}",
        head + "[" + key.replace("false", "\"false\"") + "]}",
        head + "[" + key.replace("false", "null") + "]}",
        head + "[" + key.replace(":0,", ":-1,") + "]}",
        head + "[" + key.replace(":0,", ":0.5,") + "]}",
        head + "[" + key.replace(":0,", ":1e999999999,") + "]}",
        head + "[" + key.replace(":0,", ":99999999999,") + "]}",
        head + "[" + key.replace(":0,", ":" + "9".repeat(10_000) + ",") + "]}",
        head + "[" + key.replace(":0,", ":\"0\",") + "]}",
        head + "[" + key.replace(":0,", ":NaN,") + "]}",
        head + "[" + key.replace("2025-01-01T00:00:00Z", "yesterday") + "]}",
        head + "[" + key.replace("2025-01-01T00:00:00Z", "2025-02-30T00:00:00Z") + "]}",
        head + "[" + key.replace("{", "{\"ports\":null,") + "]}",
        head + "[" + key.replace("{", "{\"ports\":\"0-70000\",") + "]}",
        head + "[" + key.replace("{", "{\"rate\":5,") + "]}",
        head + "[" + key.replace("{", "{\"name\":\"a\",") + "]}",
        ("{\"keys\":[" + key + "]}"),
        ("{\"pin\":null,\"keys\":[" + key + "]}"),
        ("{\"pin\":\"AA\",\"keys\":[" + key + "]}"),
        ("{\"pin\":\"" + "=".repeat(43) + "\",\"keys\":[" + key + "]}"),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000));
  }

  @ParameterizedTest
  @MethodSource("corruptFiles")
  void corruptFileStopsTheStartAndStaysAsItIs(String content) throws Exception {
    Path file = Files.writeString(temp.resolve("keys.json"), content);
    var e = assertThrows(StateException.class, () -> Keys.open(state, PIN));
    assertTrue(e.getMessage().startsWith(file.toRealPath() + " is damaged ("), e.getMessage());
    assertTrue(e.getMessage().contains("backup"), e.getMessage());
    assertFalse(e.getMessage().contains("0000000"), e.getMessage());
    assertFalse(e.getMessage().contains("null:"), e.getMessage());
    assertEquals(content, Files.readString(file));
  }

  @Test
  void everyCutOffFileStopsTheStart() throws Exception {
    Keys.open(state, PIN).create("ci", new Grant(false, Optional.of(PortRanges.parse("80")), 1, 0));
    String whole = Files.readString(temp.resolve("keys.json")).strip();
    for (int length = 0; length < whole.length(); length++) {
      Files.writeString(temp.resolve("keys.json"), whole.substring(0, length));
      assertThrows(StateException.class, () -> Keys.open(state, PIN));
    }
  }

  @Test
  void frozenKeysAreNotChanged() throws Exception {
    Keys keys = Keys.open(state, PIN);
    keys.freeze(true);
    var e = assertThrows(StateException.class, () -> keys.create("ci", Grant.ALL));
    assertTrue(e.getMessage().contains("try again"), e.getMessage());
    assertThrows(StateException.class, () -> keys.revoke("default"));
    assertTrue(keys.named("default").isPresent());
    keys.freeze(false);
    keys.create("ci", Grant.ALL);
  }

  @Test
  void keyThatAnotherProcessRevokedIsForgottenAndNothingIsWritten() throws Exception {
    Keys keys = Keys.open(state, PIN);
    List<String> told = new ArrayList<>();
    keys.onRevoked(key -> told.add(key.name()));
    keys.forget("default");
    keys.forget("default");
    assertEquals(List.of("default"), told);
    assertEquals(Optional.empty(), keys.named("default"));
    assertTrue(Keys.open(state, PIN).named("default").isPresent());
  }

  @Test
  void freezeWaitsForAChangeThatIsBeingMade() throws Exception {
    Keys keys = Keys.open(state, PIN);
    Thread freezes = Thread.ofPlatform().name("freezes").unstarted(() -> keys.freeze(true));
    synchronized (keys) { // as whoever writes a change does
      freezes.start();
      while (freezes.getState() != Thread.State.BLOCKED) {
        assertTrue(freezes.isAlive(), "it did not wait");
        Thread.onSpinWait();
      }
    }
    freezes.join();
    assertThrows(StateException.class, () -> keys.create("late", Grant.ALL));
  }
}
