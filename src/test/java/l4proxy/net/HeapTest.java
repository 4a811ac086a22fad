package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When the old generation is collected: by a clock and generations of the test's. */
final class HeapTest {
  private static final long MB = 1024 * 1024;

  private final MemoryPoolMXBean eden = mock();
  private final MemoryPoolMXBean old = mock();
  private long now;
  private long alive = 5;
  private int collections;
  private int there;
  private final Heap heap = new Heap(eden, old, this::collect, () -> there, () -> now);

  private static MemoryUsage megabytes(long used) {
    return new MemoryUsage(0, used * MB, 1000 * MB, 1000 * MB);
  }

  private void collect() {
    collections++;
    eden(0);
    old(alive);
    when(old.getCollectionUsage()).thenReturn(megabytes(alive));
  }

  private void eden(long megabytes) {
    when(eden.getUsage()).thenReturn(megabytes(megabytes));
  }

  private void old(long megabytes) {
    when(old.getUsage()).thenReturn(megabytes(megabytes));
  }

  @BeforeEach
  void begin() {
    eden(0);
    old(4);
    when(old.getCollectionUsage()).thenReturn(megabytes(0)); // there was none
  }

  /** How often it is collected while it is looked at for some time. */
  private int within(Duration time) {
    int before = collections;
    for (long end = now + time.toNanos(); now < end; now += Watch.TICK.toNanos()) {
      heap.tick();
    }
    return collections - before;
  }

  /** Users come and go; as many as there are now have stayed. */
  private void busy(int users) {
    int stayed = there;
    there = users;
    eden(8);
    heap.tick();
    there = stayed;
    eden(1); // the young generation was collected
    heap.tick();
  }

  @Test
  void whereNothingHappensNothingIsCollected() {
    assertEquals(0, within(Duration.ofHours(3)));
  }

  @Test
  void oldGenerationMayHoldTwiceWhatWasAliveAndALittle() {
    old(12);
    assertEquals(0, within(Duration.ofSeconds(4)));
    old(13);
    assertEquals(1, within(Duration.ofSeconds(1)));
    old(26);
    assertEquals(0, within(Duration.ofSeconds(4)));
    alive = 100;
    old(27);
    assertEquals(1, within(Duration.ofSeconds(1)));
    old(216);
    assertEquals(0, within(Duration.ofSeconds(4)));
    old(217);
    assertEquals(1, within(Duration.ofSeconds(1)));
  }

  @Test
  void whenUsersHaveLeftItIsCollectedOnceCalmHasCome() {
    for (int second = 0; second < 10; second++) {
      busy(100);
      assertEquals(0, within(Duration.ofSeconds(1)));
    }
    assertEquals(1, within(Duration.ofSeconds(7)));
    assertEquals(0, within(Duration.ofHours(3)));
  }

  @Test
  void whereMostUsersHaveStayedItIsNot() {
    there = 1000;
    busy(2000);
    assertEquals(0, within(Duration.ofHours(3)));
    busy(2100);
    assertEquals(1, within(Duration.ofHours(3)));
  }

  @Test
  void collectionsInCalmAreAMinuteApart() {
    busy(100);
    assertEquals(1, within(Duration.ofSeconds(7)));
    busy(100);
    assertEquals(0, within(Duration.ofSeconds(50)));
    assertEquals(1, within(Duration.ofSeconds(10)));
  }
}
