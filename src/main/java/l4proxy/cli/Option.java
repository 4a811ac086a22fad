package l4proxy.cli;

import com.beust.jcommander.ParameterDescription;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One option of a command, as declared on its field.
 *
 * @param name as on the command line, {@code --svr_addr}
 * @param type of the field
 * @param declared jcommander's view
 */
record Option(String name, Class<?> type, ParameterDescription declared) {
  /** What a JSON value for an option is to be; a time or a rate is a string or a number. */
  enum Kind {
    TRUTH,
    NUMBER,
    TEXT,
    TIME,
    RATE
  }

  static Option of(ParameterDescription declared) {
    return new Option(declared.getLongestName(), declared.getParameterized().getType(), declared);
  }

  /** Whether it is written so, too: {@code -o} for short. */
  boolean isWritten(String name) {
    return List.of(declared.getParameterAnnotation().names()).contains(name);
  }

  /** Whether it may stand alone, and then means true. */
  boolean flag() {
    return kind() == Kind.TRUTH;
  }

  /** What its field holds, as it would stand on the command line; empty when nothing was given. */
  Optional<String> value() {
    Object value = declared.getParameterized().get(declared.getObject());
    if (value instanceof Duration time) {
      long millis = time.toMillis();
      return Optional.of(millis % 1000 == 0 ? millis / 1000 + "s" : millis + "ms");
    }
    return Optional.ofNullable(value).map(String::valueOf);
  }

  /** What counts when nothing was given. */
  String usual() {
    return flag() ? "false" : declared.getParameterAnnotation().defaultValueDescription();
  }

  Kind kind() {
    if (type == boolean.class || type == Boolean.class) {
      return Kind.TRUTH;
    }
    if (type == int.class || type == Integer.class) {
      return Kind.NUMBER;
    }
    if (type == Duration.class) {
      return Kind.TIME;
    }
    return type == BytesPerSecond.class ? Kind.RATE : Kind.TEXT;
  }

  /** The environment variable, {@code L4PROXY_SVR_ADDR}. */
  String variable() {
    return "L4PROXY_" + name.substring(2).toUpperCase(Locale.ROOT);
  }

  /** The name in camel case, {@code svrAddr}. */
  String field() {
    StringBuilder field = new StringBuilder();
    for (String word : name.substring(2).split("_", -1)) {
      field.append(
          field.isEmpty()
              ? word
              : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return field.toString();
  }
}
