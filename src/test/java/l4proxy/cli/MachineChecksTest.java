package l4proxy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MachineChecksTest {
  private static final Instant HERE = Instant.parse("2026-01-02T03:04:05Z");

  @ParameterizedTest
  @CsvSource({
    "0, OK, 'as the server''s, but for 0 s'",
    "300, OK, 'as the server''s, but for 300 s'",
    "-300, OK, 'as the server''s, but for 300 s'",
    "720, WARN, this machine's clock is 12 min behind the server's",
    "-720, WARN, this machine's clock is 12 min ahead of the server's",
  })
  void clocksMoreThanFiveMinutesApartAreAWarning(long seconds, String mark, String start) {
    Finding found = MachineChecks.clock(HERE.plus(Duration.ofSeconds(seconds)), HERE);
    assertEquals(Finding.Mark.valueOf(mark), found.mark());
    assertEquals(start, found.text().substring(0, start.length()));
  }

  @Test
  void fewDescriptorsAreAWarning() {
    assertEquals(Finding.Mark.WARN, MachineChecks.descriptors(1023).mark());
    assertEquals(Finding.Mark.OK, MachineChecks.descriptors(1024).mark());
  }
}
