package l4proxy.cli;

/**
 * A rate as people write it.
 *
 * @param number of bytes a second; 0 for no bound
 */
record BytesPerSecond(int number) {
  static final BytesPerSecond NO_BOUND = new BytesPerSecond(0);

  /** As it is usually written: {@code 500k}. */
  @Override
  public String toString() {
    if (number > 0 && number % 1_000_000 == 0) {
      return number / 1_000_000 + "M";
    }
    return number > 0 && number % 1_000 == 0 ? number / 1_000 + "k" : String.valueOf(number);
  }
}
