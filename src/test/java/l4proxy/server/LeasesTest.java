package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import l4proxy.LeakCheck;
import l4proxy.RecordedEvents;
import l4proxy.auth.StateDirectory;
import l4proxy.events.Event;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

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
}
