package l4proxy.cli;

import java.time.Duration;
import l4proxy.client.HealthCheck;
import l4proxy.client.ProxyProtocol;
import l4proxy.client.Sharing;

/** What the values of a service's options may be; jcommander makes them. */
final class ServiceValues {
  private ServiceValues() {}

  /** How the user's address is told to a backend. */
  static final class ProxyHeader extends Values.Converter<ProxyProtocol> {
    ProxyHeader(String option) {
      super(option);
    }

    @Override
    ProxyProtocol parse(String text) {
      return switch (text) {
        case "v1" -> ProxyProtocol.V1;
        case "v2" -> ProxyProtocol.V2;
        default ->
            throw Values.expected(text, "a version of the PROXY protocol: expected v1 or v2");
      };
    }
  }

  /** What is done to find out whether a backend is fit. */
  static final class Health extends Values.Converter<HealthCheck.Kind> {
    Health(String option) {
      super(option);
    }

    @Override
    HealthCheck.Kind parse(String text) {
      return HealthCheck.Kind.parse(text);
    }
  }

  /** How often a backend is checked. */
  static final class HealthInterval extends Values.Converter<Duration> {
    HealthInterval(String option) {
      super(option);
    }

    @Override
    Duration parse(String text) {
      Duration time = new Values.Time("").parse(text);
      if (time.compareTo(HealthCheck.SHORTEST) < 0 || time.compareTo(HealthCheck.LONGEST) > 0) {
        throw Values.expected(text, "an interval from 100ms to 1h");
      }
      return time;
    }
  }

  /** A rule for shared ports. */
  static final class Balance extends Values.Converter<String> {
    Balance(String option) {
      super(option);
    }

    @Override
    String parse(String text) {
      if (!Sharing.BALANCES.contains(text)) {
        throw Values.expected(text, "one of " + String.join(", ", Sharing.BALANCES));
      }
      return text;
    }
  }

  /** A member's share. */
  static final class Weight extends Values.Converter<Integer> {
    Weight(String option) {
      super(option);
    }

    @Override
    Integer parse(String text) {
      return Values.number(
          text, 1, Sharing.MOST_WEIGHT, "a weight from 1 to " + Sharing.MOST_WEIGHT);
    }
  }

  /** A member's turn. */
  static final class Priority extends Values.Converter<Integer> {
    Priority(String option) {
      super(option);
    }

    @Override
    Integer parse(String text) {
      return Values.number(
          text, 0, Sharing.LAST_PRIORITY, "a priority from 0 to " + Sharing.LAST_PRIORITY);
    }
  }
}
