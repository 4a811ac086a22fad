package l4proxy.cli;

import com.beust.jcommander.ParameterException;
import com.beust.jcommander.converters.BaseConverter;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import l4proxy.auth.JoinKey;
import l4proxy.client.HealthCheck;
import l4proxy.client.ProxyProtocol;
import l4proxy.client.Sharing;
import l4proxy.http.Login;
import l4proxy.http.ProxyAccess;
import l4proxy.net.CidrList;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;

/** What the values of options may be, one converter a kind; jcommander makes them. */
final class Values {
  /** The control port when none is named. */
  static final int CONTROL_PORT = 2222;

  /** Where {@code redirect} listens when no port is named. */
  static final int REDIRECT_PORT = 3000;

  private static final int API_PORT = 2223;

  private Values() {}

  /** A value is none of those expected; jcommander hands it through. */
  static final class Bad extends ParameterException {
    private static final long serialVersionUID = 1;
    private final String option;

    Bad(String option, String message) {
      super(message);
      this.option = option;
    }

    String option() {
      return option;
    }
  }

  /** Names the option when a value does not fit. */
  abstract static class Converter<T> extends BaseConverter<T> {
    Converter(String option) {
      super(option);
    }

    @Override
    public final T convert(String text) {
      try {
        return parse(text);
      } catch (IllegalArgumentException e) {
        throw new Bad(getOptionName(), String.valueOf(e.getMessage()));
      }
    }

    /** Reads a value; the exception's message is a sentence. */
    abstract T parse(String text);
  }

  private static IllegalArgumentException expected(String text, String what) {
    return new IllegalArgumentException(Text.quoted(text) + " is not " + what + ".");
  }

  private static int number(String text, int least, int most, String what) {
    if (text.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    }
    throw expected(text, what);
  }

  /** True or false. */
  static final class Truth extends Converter<Boolean> {
    Truth(String option) {
      super(option);
    }

    @Override
    Boolean parse(String text) {
      return switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> throw expected(text, "true or false");
      };
    }
  }

  /** A port, or 0. */
  static final class AnyPort extends Converter<Integer> {
    AnyPort(String option) {
      super(option);
    }

    @Override
    Integer parse(String text) {
      return number(text, 0, 65535, "a port from 1 to 65535, or 0 for any free one");
    }
  }

  /** A port, or 0 for none. */
  static final class PortOrNone extends Converter<Integer> {
    PortOrNone(String option) {
      super(option);
    }

    @Override
    Integer parse(String text) {
      return number(text, 0, 65535, "a port from 1 to 65535, or 0 for none");
    }
  }

  /** How many; 0 for no bound. */
  static final class Count extends Converter<Integer> {
    Count(String option) {
      super(option);
    }

    @Override
    Integer parse(String text) {
      return number(text, 0, 999_999_999, "a whole number, 0 for no bound");
    }
  }

  /** A time span. */
  static final class Time extends Converter<Duration> {
    private static final Pattern TIME = Pattern.compile("([0-9]{1,9})(ms|s|m|h)?");

    /** Far from where nanoseconds overflow. */
    private static final Duration MOST = Duration.ofDays(365);

    Time(String option) {
      super(option);
    }

    @Override
    Duration parse(String text) {
      Matcher matcher = TIME.matcher(text);
      if (!matcher.matches()) {
        throw expected(text, "a time: expected 500ms, 30s, 2m, 1h, or a number of seconds");
      }
      long number = Long.parseLong(matcher.group(1));
      Duration time =
          switch (Optional.ofNullable(matcher.group(2)).orElse("s")) {
            case "ms" -> Duration.ofMillis(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofSeconds(number);
          };
      if (time.compareTo(MOST) > 0) {
        throw expected(text, "a time of at most a year, 8760h");
      }
      return time;
    }
  }

  /** Bytes a second. */
  static final class Rate extends Converter<BytesPerSecond> {
    private static final Pattern RATE = Pattern.compile("([0-9]{1,10})([kMG]?)");
    private static final long MOST = 2_000_000_000;

    Rate(String option) {
      super(option);
    }

    @Override
    BytesPerSecond parse(String text) {
      Matcher matcher = RATE.matcher(text);
      if (matcher.matches()) {
        long factor =
            switch (matcher.group(2)) {
              case "k" -> 1_000;
              case "M" -> 1_000_000;
              case "G" -> 1_000_000_000;
              default -> 1;
            };
        long rate = Long.parseLong(matcher.group(1)) * factor;
        if (rate <= MOST) {
          return new BytesPerSecond((int) rate);
        }
      }
      throw expected(
          text, "a rate: expected bytes a second, such as 20000, 500k or 10M, at most 2G; 0: none");
    }
  }

  /** How the user's address is told to a backend. */
  static final class ProxyHeader extends Converter<ProxyProtocol> {
    ProxyHeader(String option) {
      super(option);
    }

    @Override
    ProxyProtocol parse(String text) {
      return switch (text) {
        case "v1" -> ProxyProtocol.V1;
        case "v2" -> ProxyProtocol.V2;
        default -> throw expected(text, "a version of the PROXY protocol: expected v1 or v2");
      };
    }
  }

  /** What is done to find out whether a backend is fit. */
  static final class Health extends Converter<HealthCheck.Kind> {
    Health(String option) {
      super(option);
    }

    @Override
    HealthCheck.Kind parse(String text) {
      return HealthCheck.Kind.parse(text);
    }
  }

  /** How often a backend is checked. */
  static final class HealthInterval extends Converter<Duration> {
    HealthInterval(String option) {
      super(option);
    }

    @Override
    Duration parse(String text) {
      Duration time = new Time("").parse(text);
      if (time.compareTo(HealthCheck.SHORTEST) < 0 || time.compareTo(HealthCheck.LONGEST) > 0) {
        throw expected(text, "an interval from 100ms to 1h");
      }
      return time;
    }
  }

  /** Where to find a server. */
  static final class ServerAddress extends Converter<HostPort> {
    ServerAddress(String option) {
      super(option);
    }

    @Override
    HostPort parse(String text) {
      HostPort address = HostPort.parse(text, CONTROL_PORT);
      if (address.host().isEmpty() || address.port() == 0) {
        throw expected(text, "the address of a server: expected host, host:port or [IPv6]:port");
      }
      return address;
    }
  }

  /** Where to listen for clients. */
  static final class ControlAddress extends Converter<HostPort> {
    ControlAddress(String option) {
      super(option);
    }

    @Override
    HostPort parse(String text) {
      return HostPort.parse(text, CONTROL_PORT);
    }
  }

  /** Where to listen for browsers. */
  static final class RedirectAddress extends Converter<HostPort> {
    RedirectAddress(String option) {
      super(option);
    }

    @Override
    HostPort parse(String text) {
      return HostPort.parse(text, REDIRECT_PORT);
    }
  }

  /** Where to listen for HTTP, if at all. */
  static final class ApiAddress extends Converter<Optional<HostPort>> {
    ApiAddress(String option) {
      super(option);
    }

    @Override
    Optional<HostPort> parse(String text) {
      return text.equals("none") ? Optional.empty() : Optional.of(HostPort.parse(text, API_PORT));
    }
  }

  /** A host without a port. */
  static final class Host extends Converter<String> {
    Host(String option) {
      super(option);
    }

    @Override
    String parse(String text) {
      HostPort address = HostPort.parse(text, 0);
      if (address.host().isEmpty() || address.port() != 0) {
        throw expected(text, "a host name or address without a port");
      }
      return address.host();
    }
  }

  /** Ports and ranges of ports. */
  static final class Ports extends Converter<PortRanges> {
    Ports(String option) {
      super(option);
    }

    @Override
    PortRanges parse(String text) {
      return PortRanges.parse(text);
    }
  }

  /** A rule for shared ports. */
  static final class Balance extends Converter<String> {
    Balance(String option) {
      super(option);
    }

    @Override
    String parse(String text) {
      if (!Sharing.BALANCES.contains(text)) {
        throw expected(text, "one of " + String.join(", ", Sharing.BALANCES));
      }
      return text;
    }
  }

  /** A member's share. */
  static final class Weight extends Converter<Integer> {
    Weight(String option) {
      super(option);
    }

    @Override
    Integer parse(String text) {
      return number(text, 1, Sharing.MOST_WEIGHT, "a weight from 1 to " + Sharing.MOST_WEIGHT);
    }
  }

  /** A member's turn. */
  static final class Priority extends Converter<Integer> {
    Priority(String option) {
      super(option);
    }

    @Override
    Integer parse(String text) {
      return number(
          text, 0, Sharing.LAST_PRIORITY, "a priority from 0 to " + Sharing.LAST_PRIORITY);
    }
  }

  /** What a service is called. */
  static final class DisplayName extends Converter<String> {
    DisplayName(String option) {
      super(option);
    }

    @Override
    String parse(String text) {
      if (!text.matches("[A-Za-z0-9._-]{1,19}")) {
        throw expected(text, "a display name: expected 1 to 19 letters, digits, '-', '_' or '.'");
      }
      return text;
    }
  }

  /** How a list is printed. */
  static final class Output extends Converter<String> {
    /** What a script reads. */
    static final String JSON = "json";

    Output(String option) {
      super(option);
    }

    @Override
    String parse(String text) {
      if (!text.equals("table") && !text.equals(JSON)) {
        throw expected(text, "a way to print: expected table or json");
      }
      return text;
    }
  }

  /** A login of a forward proxy, or none; never repeated. */
  static final class UserAuth extends Converter<String> {
    UserAuth(String option) {
      super(option);
    }

    @Override
    String parse(String text) {
      if (!text.equals(ProxyAccess.NONE)) {
        Login _ = Login.parse(text);
      }
      return text;
    }
  }

  /** Ranges of addresses. */
  static final class Ranges extends Converter<CidrList> {
    Ranges(String option) {
      super(option);
    }

    @Override
    CidrList parse(String text) {
      return CidrList.parse(text);
    }
  }

  /** A file or directory. */
  static final class File extends Converter<Path> {
    File(String option) {
      super(option);
    }

    @Override
    Path parse(String text) {
      try {
        if (!text.isEmpty()) {
          return Path.of(text);
        }
      } catch (InvalidPathException e) {
        // said below
      }
      throw expected(text, "the path of a file or directory");
    }
  }

  /** A join key; never repeated. */
  static final class Join extends Converter<JoinKey> {
    Join(String option) {
      super(option);
    }

    @Override
    JoinKey parse(String text) {
      return JoinKey.parse(text);
    }
  }
}
