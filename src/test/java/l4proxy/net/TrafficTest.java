package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class TrafficTest {
  @Test
  void speedIsTakenOverFiveSeconds() {
    Traffic traffic = new Traffic();
    traffic.tick();
    traffic.countIn(5_000);
    traffic.countOut(50_000);
    for (int tick = 0; tick < 10; tick++) {
      traffic.tick();
      assertEquals(1_000, traffic.speedIn(), "tick " + tick);
      assertEquals(10_000, traffic.speedOut(), "tick " + tick);
    }
    traffic.tick();
    assertEquals(0, traffic.speedIn());
    assertEquals(0, traffic.speedOut());
    assertEquals(5_000, traffic.in());
    assertEquals(50_000, traffic.out());
  }

  @Test
  void steadyTrafficHasItsSpeed() {
    Traffic traffic = new Traffic();
    for (int tick = 0; tick < 100; tick++) {
      traffic.countIn(500);
      traffic.tick();
    }
    assertEquals(1_000, traffic.speedIn());
    assertEquals(0, traffic.speedOut());
  }
}
