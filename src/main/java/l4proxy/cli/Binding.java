package l4proxy.cli;

import com.beust.jcommander.ParameterException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import l4proxy.api.Fields;

/**
 * Gathers what was given for a command's options, and fills them: the command line counts before
 * the environment, that before the {@code --config} file, that before the defaults.
 */
final class Binding {
  private static final String CONFIG = "--config";
  private static final String CHECK = "--check_config";
  private static final int LONGEST_FILE = 1024 * 1024;

  private final Command command;
  private final Options options;

  Binding(Command command, Options options) {
    this.command = command;
    this.options = options;
  }

  /**
   * Fills the command's fields.
   *
   * @return false when only help is asked for
   */
  boolean fill(List<String> words, Map<String, String> environment)
      throws UsageException, FailedException {
    Arguments line = Arguments.parse(words, options.byName());
    if (line.help()) {
      return false;
    }
    if (!options.takesArguments() && !line.arguments().isEmpty()) {
      throw new UsageException(
          "This command takes no arguments, but was given "
              + Text.quoted(line.arguments().getFirst())
              + "; --help shows what it takes.");
    }
    if (line.arguments().contains("")) {
      throw new UsageException(
          "An argument is empty, perhaps by a variable that is not set; --help shows what this"
              + " command takes.");
    }
    Map<String, Given> given = environment(environment);
    given.putAll(line.options());
    Given config = given.get(CONFIG);
    if (config != null) {
      file(config, given.containsKey(CHECK)).forEach(given::putIfAbsent);
    }
    fill(given, line.arguments());
    return true;
  }

  private void fill(Map<String, Given> given, List<String> arguments) throws UsageException {
    List<String> words = new ArrayList<>();
    for (Map.Entry<String, Given> each : given.entrySet()) {
      if (each.getValue().value().equals("--")) { // jcommander would pass over it
        throw new UsageException(each.getValue().source() + ": \"--\" is no value.");
      }
      words.addAll(List.of(each.getKey(), each.getValue().value()));
    }
    words.add("--");
    words.addAll(arguments);
    try {
      options.fill(words);
    } catch (Values.Bad e) {
      Given bad = Objects.requireNonNull(given.get(e.option()));
      throw new UsageException(bad.source() + ": " + e.getMessage());
    } catch (ParameterException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
  }

  private Map<String, Given> environment(Map<String, String> environment) {
    Map<String, Given> given = new HashMap<>();
    for (Option option : options.byName().values()) {
      String value = environment.getOrDefault(option.variable(), "");
      if (!value.isEmpty() && command.inEnvironment(option)) {
        given.put(option.name(), new Given(value, option.variable()));
      }
    }
    return given;
  }

  /** Where the file itself is what is asked about, one that cannot be read is a wrong answer. */
  private Map<String, Given> file(Given config, boolean asked)
      throws UsageException, FailedException {
    try {
      return file(config);
    } catch (FailedException e) {
      if (asked) {
        throw new UsageException(String.valueOf(e.getMessage()));
      }
      throw e;
    }
  }

  private Map<String, Given> file(Given config) throws UsageException, FailedException {
    String path = config.value();
    String source = " in " + path;
    try {
      Fields file = Fields.parse(read(config));
      Map<String, Given> given = new HashMap<>();
      for (Map.Entry<String, Option> field : fields().entrySet()) {
        String name = file.name(field.getKey()) + source;
        text(file, field.getKey(), field.getValue())
            .ifPresent(value -> given.put(field.getValue().name(), new Given(value, name)));
      }
      command.take(file, path);
      for (String left : file.left()) {
        throw unknown(file, left, path);
      }
      return given;
    } catch (IllegalArgumentException e) {
      throw new UsageException(path + ": " + e.getMessage());
    }
  }

  /** The fields a file may have for options. */
  private Map<String, Option> fields() {
    Map<String, Option> fields = new LinkedHashMap<>();
    for (Option option : options.byName().values()) {
      String field = command.field(option);
      if (!field.isEmpty() && !option.name().equals(CONFIG)) {
        fields.put(field, option);
      }
    }
    return fields;
  }

  /** The value of a field that stands for an option, as on the command line. */
  static Optional<String> text(Fields file, String field, Option option) {
    return switch (option.kind()) {
      case TRUTH -> file.truth(field).map(String::valueOf);
      case NUMBER -> number(file, field);
      case TEXT -> file.text(field);
      case TIME -> either(file, field, "a string such as \"30s\", or a whole number of seconds");
      case RATE ->
          either(file, field, "a string such as \"10M\", or a whole number of bytes a second");
    };
  }

  private static Optional<String> either(Fields file, String field, String expected) {
    return file.isNumber(field) ? number(file, field) : file.text(field, expected);
  }

  private static Optional<String> number(Fields file, String field) {
    return file.number(field, 0, Integer.MAX_VALUE).map(String::valueOf);
  }

  private UsageException unknown(Fields file, String field, String path) {
    TreeSet<String> known = new TreeSet<>(fields().keySet());
    known.addAll(command.ownFields());
    return unknown(file, field, path, known);
  }

  /** A field nobody asked for. */
  static UsageException unknown(
      Fields object, String field, String path, Collection<String> known) {
    String hint = Nearest.hint(field, known);
    return new UsageException(
        path
            + ": there is no field "
            + object.name(field)
            + (hint.isEmpty() ? "; expected " + String.join(", ", known) + "." : hint));
  }

  private static String read(Given config) throws UsageException, FailedException {
    String source = config.source();
    Path path = path(config);
    try (InputStream in = Files.newInputStream(path)) {
      byte[] bytes = in.readNBytes(LONGEST_FILE + 1); // a pipe or device does not tell its size
      if (bytes.length > LONGEST_FILE) {
        throw new UsageException(
            source + ": " + path + " is longer than " + LONGEST_FILE + " bytes.");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (NoSuchFileException e) {
      throw new FailedException(source + ": there is no file " + path + ".");
    } catch (IOException e) {
      throw new FailedException(
          source
              + ": cannot read "
              + path
              + "; it must be a text file in UTF-8 that this user may read.");
    }
  }

  private static Path path(Given config) throws UsageException {
    try {
      return new Values.File(CONFIG).parse(config.value());
    } catch (IllegalArgumentException e) {
      throw new UsageException(config.source() + ": " + e.getMessage());
    }
  }
}
