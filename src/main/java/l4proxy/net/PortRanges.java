package l4proxy.net;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * An immutable set of ports, written {@code 80,1024-65535}. Two are equal if they hold the same
 * ports, however they were written.
 *
 * @param ranges the ranges, in order, neither overlapping nor touching; never empty
 */
public record PortRanges(List<Range> ranges) {
  private static final Pattern RANGE = Pattern.compile("([0-9]{1,5})(?:-([0-9]{1,5}))?");
  private static final int MAX_QUOTED_CHARS = 45;

  /**
   * The ports from the first to the last, both included.
   *
   * @param first the lowest port, at least 1
   * @param last the highest port, at most 65535
   */
  public record Range(int first, int last) {
    /**
     * Checks the bounds.
     *
     * @throws IllegalArgumentException if a bound is out of range or the first is above the last
     */
    public Range {
      if (first < 1 || last > 65535 || first > last) {
        throw new IllegalArgumentException(
            first + "-" + last + " is not a range of ports between 1 and 65535.");
      }
    }

    @Override
    public String toString() {
      return first == last ? Integer.toString(first) : first + "-" + last;
    }
  }

  /**
   * Sorts the ranges and joins those that overlap or touch.
   *
   * @throws IllegalArgumentException if there is none
   */
  public PortRanges {
    if (ranges.isEmpty()) {
      throw new IllegalArgumentException("A set of ports needs at least one port.");
    }
    ranges = joined(ranges);
  }

  /**
   * Reads ports and ranges with commas between them; spaces around a comma do not count.
   *
   * @param text such as {@code 1024-65535,80}
   * @return the ports
   * @throws IllegalArgumentException with one sentence that names the text and what is expected
   */
  public static PortRanges parse(String text) {
    List<Range> ranges = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Matcher matcher = RANGE.matcher(part.strip());
      if (!matcher.matches()) {
        throw refused(text);
      }
      int first = Integer.parseInt(matcher.group(1));
      int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      if (first < 1 || last > 65535 || first > last) {
        throw refused(text);
      }
      ranges.add(new Range(first, last));
    }
    return new PortRanges(ranges);
  }

  /**
   * Is this port one of them?
   *
   * @param port any number
   * @return whether it is
   */
  public boolean contains(int port) {
    for (Range range : ranges) {
      if (port <= range.last()) {
        return port >= range.first();
      }
    }
    return false;
  }

  /**
   * How many ports there are.
   *
   * @return 1 to 65535
   */
  public int size() {
    int size = 0;
    for (Range range : ranges) {
      size += range.last() - range.first() + 1;
    }
    return size;
  }

  /**
   * The port at a place in ascending order, so that one can be drawn without listing all.
   *
   * @param index 0 to {@link #size()} - 1
   * @return the port
   * @throws IndexOutOfBoundsException if there are not as many
   */
  public int portAt(int index) {
    int left = index;
    for (Range range : ranges) {
      int length = range.last() - range.first() + 1;
      if (left >= 0 && left < length) {
        return range.first() + left;
      }
      left -= length;
    }
    throw new IndexOutOfBoundsException(index);
  }

  /**
   * All ports in ascending order, made while they are read.
   *
   * @return the ports
   */
  public IntStream ports() {
    return ranges.stream().flatMapToInt(r -> IntStream.rangeClosed(r.first(), r.last()));
  }

  /** The text that {@link #parse} reads, in ascending order. */
  @Override
  public String toString() {
    return ranges.stream().map(Range::toString).collect(Collectors.joining(","));
  }

  private static List<Range> joined(List<Range> ranges) {
    List<Range> sorted = new ArrayList<>(ranges);
    sorted.sort(Comparator.comparingInt(Range::first));
    List<Range> joined = new ArrayList<>();
    for (Range range : sorted) {
      Range before = joined.isEmpty() ? null : joined.getLast();
      if (before != null && range.first() <= before.last() + 1) {
        joined.set(
            joined.size() - 1, new Range(before.first(), Math.max(before.last(), range.last())));
      } else {
        joined.add(range);
      }
    }
    return List.copyOf(joined);
  }

  private static IllegalArgumentException refused(String text) {
    String shown =
        text.length() <= MAX_QUOTED_CHARS ? text : text.substring(0, MAX_QUOTED_CHARS) + "…";
    return new IllegalArgumentException(
        "\""
            + shown.replaceAll("\\p{Cc}", "?")
            + "\" is not a set of ports: expected ports and ranges between 1 and 65535,"
            + " such as 80,1024-65535.");
  }
}
