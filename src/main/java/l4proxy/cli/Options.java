package l4proxy.cli;

import com.beust.jcommander.JCommander;
import com.beust.jcommander.ParameterDescription;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The options that a command's fields declare; jcommander reads them, and fills them later. */
final class Options {
  private final Command command;
  private final JCommander declared;
  private final Map<String, Option> byName = new LinkedHashMap<>();

  Options(Command command) {
    this.command = command;
    this.declared = jcommander(command);
    declared.parseWithoutValidation(); // it looks at the fields no earlier
    declared.getParameters().stream()
        .sorted(Comparator.comparingInt((ParameterDescription p) -> p.getParameter().order()))
        .map(Option::of)
        .forEach(option -> byName.put(option.name(), option));
  }

  private static JCommander jcommander(Command command) {
    return JCommander.newBuilder().addObject(command).expandAtSign(false).build();
  }

  /** By name as on the command line, in the order of their declaration. */
  Map<String, Option> byName() {
    return byName;
  }

  /** Whether the command takes anything but options. */
  boolean takesArguments() {
    return declared.getMainParameterValue() != null;
  }

  /** Fills the fields; a value that does not fit is a {@link Values.Bad}. */
  void fill(List<String> words) {
    jcommander(command).parse(words.toArray(new String[0]));
  }
}
