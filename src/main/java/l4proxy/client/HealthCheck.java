package l4proxy.client;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How a client finds out whether a backend is fit for users.
 *
 * @param kind what it does
 * @param interval from one check to the next
 */
public record HealthCheck(Kind kind, Duration interval) {
  /** The shortest interval. */
  public static final Duration SHORTEST = Duration.ofMillis(100);

  /** The longest interval. */
  public static final Duration LONGEST = Duration.ofHours(1);

  /** The interval if none is named. */
  public static final Duration USUAL = Duration.ofSeconds(2);

  private static final Duration LONGEST_CHECK = Duration.ofSeconds(5);

  /**
   * What a check does.
   *
   * @param path what it asks the backend for by HTTP; absent: it only connects
   */
  public record Kind(Optional<String> path) {
    private static final String TCP = "tcp";
    private static final String HTTP = "http:";

    /** What may stand in a request line as it is; and not so much that it would not be read. */
    private static final Pattern PATH = Pattern.compile("/[!-~]{0,999}");

    /**
     * Reads it.
     *
     * @param text {@code tcp} or {@code http:/path}
     * @return what it says
     * @throws IllegalArgumentException with one sentence that says what is expected
     */
    public static Kind parse(String text) {
      if (text.equals(TCP)) {
        return new Kind(Optional.empty());
      }
      String path = text.startsWith(HTTP) ? text.substring(HTTP.length()) : "";
      if (!PATH.matcher(path).matches()) {
        String shown = text.length() <= 45 ? text : text.substring(0, 45) + "…";
        throw new IllegalArgumentException(
            "\""
                + shown.replaceAll("\\p{Cc}", "?")
                + "\" is no health check: expected tcp, or http:/path without spaces.");
      }
      return new Kind(Optional.of(path));
    }

    /** The text that {@link #parse} reads. */
    @Override
    public String toString() {
      return path.map(p -> HTTP + p).orElse(TCP);
    }
  }

  /** How long one check may take. */
  Duration time() {
    return interval.compareTo(LONGEST_CHECK) < 0 ? interval : LONGEST_CHECK;
  }
}
