package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.spy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import l4proxy.LeakCheck;
import l4proxy.RecordedEvents;
import l4proxy.auth.StateDirectory;
import l4proxy.events.Event;
import l4proxy.wire.Balance;
import l4proxy.wire.Message;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is remembered of public ports when the disk does not play along. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class LeasesTest {
  private static final Lease LEASE =
      new Lease(20_000, "admin", "i", true, "ssh", "127.0.0.1:22", "here", null, true, 0);

  @TempDir private Path directory;

  @Test
  void whatCouldNotBeWrittenIsWrittenAtTheEnd() throws Exception {
    Path file = directory.resolve(Leases.FILE);
    try (StateDirectory state = StateDirectory.open(directory)) {
      RecordedEvents events = new RecordedEvents();
      try (Leases leases = Leases.open(state, events)) {
        Files.createDirectories(file); // which no file can be moved over
        leases.keep(LEASE);
        Awaitility.await().until(() -> !events.of(Event.Warned.class).isEmpty());
        Files.delete(file);
      }
      assertEquals(1, events.of(Event.Warned.class).size());
      try (Leases again = Leases.open(state, events)) {
        assertEquals(List.of(LEASE), again.all());
      }
    }
  }

  @Test
  void endIsNotHeldUpByWhatCannotBeWritten() throws Exception {
    RecordedEvents events = new RecordedEvents();
    try (StateDirectory state = StateDirectory.open(directory);
        Leases leases = Leases.open(state, events)) {
      Files.createDirectories(directory.resolve(Leases.FILE));
      leases.keep(LEASE);
      Awaitility.await().until(() -> !events.of(Event.Warned.class).isEmpty());
    }
    assertTrue(Files.isDirectory(directory.resolve(Leases.FILE)));
  }

  @Test
  void thoseOfAServerThatIsTakenOverAreWrittenFromTheEndOnOnly() throws Exception {
    RecordedEvents events = new RecordedEvents();
    Path file = directory.resolve(Leases.FILE);
    try (StateDirectory state = StateDirectory.open(directory)) {
      try (Leases leases = Leases.of(state, events, List.of(LEASE))) {
        leases.keep(LEASE.gone(1));
      }
      assertFalse(Files.exists(file), "written by a process that took nothing over");
      try (Leases leases = Leases.of(state, events, List.of(LEASE))) {
        leases.keep(LEASE.gone(1));
        leases.begin();
      }
      try (Leases again = Leases.open(state, events)) {
        assertEquals(List.of(LEASE.gone(1)), again.all());
      }
    }
  }

  /** As long as a client can make it, with a backend of 300 such characters. */
  private static Lease longest(int number, String character) {
    String label = "h".repeat(63);
    return new Lease(
        65_535,
        "k".repeat(64),
        "%022d".formatted(number),
        false,
        "n".repeat(19),
        character.repeat(300),
        String.join(".", label, label, label, "h".repeat(61)),
        new Message.Sharing(Balance.LEAST_CONN, 1000, 1000),
        true,
        0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"<", "\"", "\u20ac"})
  void leasesOfAKeyWithoutBoundsTakeNobodyElsesPlace(String character) throws Exception {
    List<Lease> many = new ArrayList<>(List.of(LEASE));
    for (int i = 0; i < 10_000; i++) {
      many.add(longest(i, character));
    }
    RecordedEvents events = new RecordedEvents();
    try (StateDirectory state = StateDirectory.open(directory)) {
      try (Leases leases = Leases.of(state, events, many)) {
        leases.keep(longest(10_000, character));
        leases.begin();
      }
      assertEquals(List.of(), events.of(Event.Warned.class), "not written");
      try (Leases again = Leases.open(state, events)) {
        assertEquals(10_000, again.all().size());
        assertEquals(LEASE, again.all().getFirst());
      }
    }
  }

  @Test
  void wantOfMemoryInAWriteEndsNeitherTheWriterNorATakeover() throws Exception {
    RecordedEvents events = new RecordedEvents();
    try (StateDirectory held = StateDirectory.open(directory)) {
      StateDirectory state = spy(held);
      CountDownLatch tried = new CountDownLatch(1);
      doAnswer(
              call -> {
                tried.countDown();
                throw new OutOfMemoryError("Java heap space");
              })
          .doCallRealMethod()
          .when(state)
          .write(any(), any());
      try (Leases leases = Leases.open(state, events)) {
        leases.keep(LEASE);
        tried.await();
        assertTimeoutPreemptively(Duration.ofSeconds(10), leases::pause);
      }
      assertEquals(1, events.of(Event.Warned.class).size());
      try (Leases again = Leases.open(held, events)) {
        assertEquals(List.of(LEASE), again.all());
      }
    }
  }

  @Test
  void whatIsOwedIsWrittenAfterATakeoverThatFailed() throws Exception {
    Path file = directory.resolve(Leases.FILE);
    RecordedEvents events = new RecordedEvents();
    try (StateDirectory state = StateDirectory.open(directory);
        Leases leases = Leases.open(state, events, Duration.ofMillis(1))) {
      Files.createDirectories(file);
      leases.keep(LEASE);
      Awaitility.await().until(() -> !events.of(Event.Warned.class).isEmpty());
      leases.pause();
      Files.delete(file);
      leases.begin();
      Awaitility.await().until(() -> Files.exists(file));
    }
  }
}
