package l4proxy.api;

import java.util.Locale;

/**
 * Metrics as text, Prometheus exposition format 0.0.4; one thread builds it.
 *
 * @see <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">the format</a>
 */
final class MetricsText {
  static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private static final String PREFIX = "l4proxy_";

  private final StringBuilder text = new StringBuilder();

  /** A family's name without the prefix, and its samples. */
  final class Family {
    private final String name;

    private Family(String name) {
      this.name = name;
    }

    /** One sample; labels come as names and values in turn. */
    Family sample(double value, String... labels) {
      return part("", value, labels);
    }

    /** A sample of a histogram's part, such as {@code _sum}. */
    Family part(String suffix, double value, String... labels) {
      text.append(PREFIX).append(name).append(suffix);
      for (int i = 0; i < labels.length; i += 2) {
        text.append(i == 0 ? "{" : ",").append(labels[i]).append("=\"");
        text.append(escaped(labels[i + 1])).append('"');
      }
      text.append(labels.length == 0 ? " " : "} ").append(number(value)).append('\n');
      return this;
    }
  }

  /** Begins a family that only grows. */
  Family counter(String name, String help) {
    return family(name + "_total", "counter", help);
  }

  /** Begins a family that goes up and down. */
  Family gauge(String name, String help) {
    return family(name, "gauge", help);
  }

  /** Begins a histogram. */
  Family histogram(String name, String help) {
    return family(name, "histogram", help);
  }

  private Family family(String name, String type, String help) {
    text.append("# HELP ").append(PREFIX).append(name).append(' ').append(help).append('\n');
    text.append("# TYPE ").append(PREFIX).append(name).append(' ').append(type).append('\n');
    return new Family(name);
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  /** Whole numbers without a fraction. */
  static String number(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e15;
    return whole ? String.format(Locale.ROOT, "%.0f", value) : String.valueOf(value);
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
