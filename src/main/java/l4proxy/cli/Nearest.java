package l4proxy.cli;

import java.util.Collection;
import java.util.Optional;

/** Finds what somebody probably meant. */
final class Nearest {
  private Nearest() {}

  /**
   * A clause that names the nearest, {@code "; did you mean --drain?"}, or nothing when none is
   * near.
   */
  static String hint(String given, Collection<String> known) {
    String best = "";
    int least = Math.max(2, given.length() / 3) + 1;
    for (String each : known) {
      int distance = distance(given, each);
      if (distance < least) {
        least = distance;
        best = each;
      }
    }
    return best.isEmpty() ? "" : "; did you mean " + best + "?";
  }

  /** The one that is a slip of one letter away; empty when none is. */
  static Optional<String> slip(String given, Collection<String> known) {
    return known.stream().filter(each -> distance(given, each) == 1).findFirst();
  }

  /** How many letters to add, drop, replace, or swap with their neighbour. */
  private static int distance(String from, String to) {
    int[][] d = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        d[i][j] = i == 0 || j == 0 ? i + j : step(d, i, j, from, to);
      }
    }
    return d[from.length()][to.length()];
  }

  private static int step(int[][] d, int i, int j, String from, String to) {
    int same = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
    int least = Math.min(d[i - 1][j - 1] + same, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
    boolean swapped =
        i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1);
    return swapped ? Math.min(least, d[i - 2][j - 2] + 1) : least;
  }
}
