package l4proxy.cli;

import com.beust.jcommander.JCommander;
import com.beust.jcommander.ParameterDescription;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The options that an object's fields declare; jcommander reads them, and fills them later. */
final class Options {
  private final Object holder;
  private final JCommander declared;
  private final Map<String, Option> byName = new LinkedHashMap<>();

  /** Those of an object: a command, or options that several have in common. */
  Options(Object holder) {
    this.holder = holder;
    this.declared = jcommander(holder);
    declared.parseWithoutValidation(); // it looks at the fields no earlier
    declared.getParameters().stream()
        .sorted(Comparator.comparingInt((ParameterDescription p) -> p.getParameter().order()))
        .map(Option::of)
        .forEach(option -> byName.put(option.name(), option));
  }

  private static JCommander jcommander(Object holder) {
    return JCommander.newBuilder().addObject(holder).expandAtSign(false).build();
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
    jcommander(holder).parse(words.toArray(new String[0]));
  }
}
