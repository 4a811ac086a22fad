package l4proxy.cli;

/**
 * What a step of a diagnosis came to.
 *
 * @param mark how good it is
 * @param text what was found; where that is bad, with the remedy
 */
record Finding(Mark mark, String text) {
  /** How good. */
  enum Mark {
    OK("ok"),
    FAIL("FAIL"),
    WARN("warn"),
    SKIPPED("skip"),
    UNKNOWN("--");

    private final String shown;

    Mark(String shown) {
      this.shown = shown;
    }

    String shown() {
      return shown;
    }

    /** Whether a later step has nothing to stand on. */
    boolean missing() {
      return this == FAIL || this == SKIPPED;
    }
  }

  static Finding ok(String text) {
    return new Finding(Mark.OK, text);
  }

  static Finding fail(String text) {
    return new Finding(Mark.FAIL, text);
  }

  static Finding warn(String text) {
    return new Finding(Mark.WARN, text);
  }

  static Finding unknown(String text) {
    return new Finding(Mark.UNKNOWN, text);
  }
}
