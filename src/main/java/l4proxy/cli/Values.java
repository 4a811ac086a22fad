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
import l4proxy.http.Login;
import l4proxy.http.ProxyAccess;
import l4proxy.net.CidrList;
import l4proxy.net.PortRanges;

/** What the values of options may be, one converter a kind; jcommander makes them. */
final class Values {
  /** The control port when none is named. */
  static final int CONTROL_PORT = 2222;

  /** Where {@code redirect} listens when no port is named. */
  static final int REDIRECT_PORT = 3000;

  static final int API_PORT = 2223;

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

  /** The value is another thing than expected. */
  static IllegalArgumentException expected(String text, String what) {
    return new IllegalArgumentException(Text.quoted(text) + " is not " + what + ".");
  }

  /** A whole number within bounds. */
  static int number(String text, int least, int most, String what) {
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
      return number(text, 0, 999_999_999, "a whole number of at most 999999999, 0 for no bound");
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
        long number = Long.parseLong(matcher.group(1));
        if (number <= MOST / factor) { // a product may be too large for a long
          return new BytesPerSecond((int) (number * factor));
        }
      }
      throw expected(
          text, "a rate: expected bytes a second, such as 20000, 500k or 10M, at most 2G; 0: none");
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

  /** What something is called that the server knows. */
  static final class Name extends Converter<String> {
    Name(String option) {
      super(option);
    }

    @Override
    String parse(String text) {
      if (text.isEmpty()) {
        throw expected(text, "a name");
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
