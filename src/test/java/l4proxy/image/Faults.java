package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;

/** What tests of faults have in common: how long they take, and what has to hold. */
final class Faults {
  /** Whether there is time for the long form, {@code -Plab-long}, with nothing else running. */
  static final boolean LONG = Boolean.getBoolean("l4proxy.lab.long");

  /** After that a wait has failed. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  /** A dead link is noticed; where several labs share the machine, later. */
  static final double NOTICED = LONG ? 15.5 : 18;

  /** The client is back after the link healed. */
  static final double BACK = LONG ? 5 : 10;

  /** Where a machine is busy with other labs. */
  static final Duration SLACK = Duration.ofSeconds(LONG ? 1 : 8);

  /** A tunnel that died with its link is given up, at both ends. */
  static final Duration GIVEN_UP = Duration.ofSeconds(LONG ? 20 : 28);

  private Faults() {}

  /** One of two, for the long form and for every build. */
  static int longOr(int many, int few) {
    return LONG ? many : few;
  }

  /** A fault lasts so long. */
  static void lasts(Duration time) throws InterruptedException {
    Thread.sleep(time);
  }

  /** It took no longer than that; printed in any case. */
  static void within(String what, long nanos, double seconds) {
    Figures.print(what, nanos);
    assertTrue(nanos / 1e9 <= seconds, what + " took " + nanos / 1e9 + " s, more than " + seconds);
  }
}
