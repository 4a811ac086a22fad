package l4proxy.image;

/** What tests measure, printed. */
final class Figures {
  private Figures() {}

  static void print(String what, long nanos) {
    System.out.printf("FIGURE: %s: %.3f s%n", what, nanos / 1e9);
  }

  static void bytes(String what, long bytes) {
    System.out.printf("FIGURE: %s: %.1f MB%n", what, bytes / 1024.0 / 1024);
  }

  static double seconds(long nanos) {
    return nanos / 1e9;
  }
}
