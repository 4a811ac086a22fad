package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.Optional;
import l4proxy.client.Progress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProgressTextTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0 B/s",
    "999, 999 B/s",
    "1000, 1.0 kB/s",
    "99900, 99.9 kB/s",
    "99999, 100 kB/s",
    "999499, 999 kB/s",
    "999500, 1.0 MB/s",
    "1250000000, 1.3 GB/s",
    "5000000000000, 5000 GB/s"
  })
  void speedHasThreeFigures(long bytes, String text) {
    assertEquals(text, ProgressText.speed(bytes));
  }

  @Test
  void lineSaysAll() {
    Progress progress = new Progress(true, 2, 1500, 20, Optional.of(Duration.ofNanos(12_400_000)));
    assertEquals(
        "connected, 2 users, in 1.5 kB/s, out 20 B/s, round trip 12 ms",
        ProgressText.line(progress, false));
    assertEquals("connected, 2 users", ProgressText.brief(progress));
  }

  @Test
  void roundTripIsUnknownWithoutAConnection() {
    Progress progress = new Progress(false, 1, 0, 0, Optional.empty());
    assertEquals(
        "no connection to the server, 1 user, in 0 B/s, out 0 B/s",
        ProgressText.line(progress, false));
  }
}
