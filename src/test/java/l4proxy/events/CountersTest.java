package l4proxy.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class CountersTest {
  private static final Event.ServedBy BY =
      new Event.ServedBy("web", "c1", "192.0.2.9:1", "default");

  private final Counters counters = new Counters();

  private void served(Duration dial) {
    counters.happened(new Event.UserServed(1, "192.0.2.1:1", BY, Optional.of(dial)));
  }

  private void ended(EndedBy reason, int retries, Duration... dial) {
    counters.happened(
        new Event.UserEnded(
            1,
            "192.0.2.1:1",
            BY,
            reason,
            2,
            3,
            Duration.ofSeconds(1),
            List.of(dial).stream().findFirst(),
            retries));
  }

  @Test
  void usersAreCountedByWhatEndedThem() {
    ended(EndedBy.USER, 0);
    ended(EndedBy.REFUSED, 2);
    ended(EndedBy.REFUSED, 1);
    assertEquals(1, counters.ended(EndedBy.USER));
    assertEquals(2, counters.ended(EndedBy.REFUSED));
    assertEquals(0, counters.ended(EndedBy.IDLE));
    assertEquals(3, counters.retries());
  }

  @Test
  void dialsGoIntoTheBucketThatBoundsThem() {
    served(Duration.ofMillis(1));
    served(Duration.ofNanos(1_000_001));
    served(Duration.ofSeconds(11));
    ended(EndedBy.USER, 0, Duration.ofSeconds(11)); // is in there already
    assertEquals(List.of(1L, 1L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L, 1L), counters.dials());
    assertEquals(11.002000001, counters.dialSeconds(), 1e-9);
  }

  @Test
  void othersAreCountedEachInItsOwn() {
    served(Duration.ZERO);
    counters.happened(new Event.ClientConnected("192.0.2.9:1", "default", "1"));
    counters.happened(new Event.StrangerDropped("192.0.2.7:1", "whatever"));
    counters.happened(new Event.Noted("nothing to count"));
    counters.lost(5);
    assertEquals(
        List.of(1L, 1L, 1L, 5L),
        List.of(counters.served(), counters.clients(), counters.strangers(), counters.linesLost()));
    assertEquals(1, counters.dials().stream().mapToLong(Long::longValue).sum());
  }
}
