package l4proxy.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import l4proxy.events.Event;
import org.junit.jupiter.api.Test;

class DialsTest {
  private static final String WHICH = "the backend 127.0.0.1:80 of service web";
  private static final long LATER = Dials.APART.toNanos();

  private final Dials dials = new Dials();

  private static boolean isWarning(Optional<Event> event) {
    return event.filter(Event.Warned.class::isInstance).isPresent();
  }

  @Test
  void firstOfManyRefusalsIsAWarning() {
    assertTrue(isWarning(dials.failed(WHICH, "Connection refused", 0)));
    assertEquals(Optional.empty(), dials.failed(WHICH, "Connection refused", 1));
    assertEquals(Optional.empty(), dials.failed(WHICH, "Connection refused", 2 * LATER));
  }

  @Test
  void backendThatIsBackIsToldOfOnce() {
    assertEquals(Optional.empty(), dials.answered(WHICH));
    dials.failed(WHICH, "Connection refused", 0);
    assertEquals(
        Optional.of(new Event.Noted(WHICH + " is connected again")), dials.answered(WHICH));
    assertEquals(Optional.empty(), dials.answered(WHICH));
  }

  @Test
  void backendThatComesAndGoesIsNoFlood() {
    dials.failed(WHICH, "Connection refused", 0);
    dials.answered(WHICH);
    assertEquals(Optional.empty(), dials.failed(WHICH, "Connection refused", LATER - 1));
    assertEquals(Optional.empty(), dials.answered(WHICH));
    assertTrue(isWarning(dials.failed(WHICH, "Connection refused", LATER)));
  }
}
