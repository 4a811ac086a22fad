package l4proxy.cli;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import l4proxy.client.Progress;

/** How a client gets on, in words. */
final class ProgressText {
  private static final String GREEN = "\u001b[32m";
  private static final String YELLOW = "\u001b[33m";
  private static final String USUAL = "\u001b[0m";
  private static final List<String> UNITS = List.of("B/s", "kB/s", "MB/s", "GB/s");

  private ProgressText() {}

  /** Whether there is a connection, and users: what changes seldom. */
  static String brief(Progress progress) {
    return state(progress) + ", " + users(progress.users());
  }

  /** All of it, on one line of a terminal. */
  static String line(Progress progress, boolean coloured) {
    String state = state(progress);
    String shown = coloured ? (progress.connected() ? GREEN : YELLOW) + state + USUAL : state;
    return shown
        + ", "
        + users(progress.users())
        + ", in "
        + speed(progress.speedIn())
        + ", out "
        + speed(progress.speedOut())
        + progress.roundTrip().map(time -> ", round trip " + millis(time)).orElse("");
  }

  private static String state(Progress progress) {
    return progress.connected() ? "connected" : "no connection to the server";
  }

  static String users(int users) {
    return users == 1 ? "1 user" : users + " users";
  }

  /** Bytes a second, three figures of them. */
  static String speed(long bytes) {
    double number = bytes;
    int unit = 0;
    while (number >= 999.5 && unit < UNITS.size() - 1) {
      number /= 1000;
      unit++;
    }
    boolean fraction = unit > 0 && number < 99.95;
    return String.format(Locale.ROOT, fraction ? "%.1f" : "%.0f", number) + " " + UNITS.get(unit);
  }

  private static String millis(Duration time) {
    double millis = time.toNanos() / 1e6;
    return String.format(Locale.ROOT, millis < 9.95 ? "%.1f ms" : "%.0f ms", millis);
  }
}
