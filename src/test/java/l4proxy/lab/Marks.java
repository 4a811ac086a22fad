package l4proxy.lab;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What runs in a lab has its namespace's name in its environment, by which it is found when the
 * namespace cannot be entered any more.
 */
final class Marks {
  static final String VARIABLE = "L4LAB=";

  private Marks() {}

  /** Ends all that run in namespaces of such names. */
  static void endProcesses(Predicate<String> names) {
    ProcessHandle.allProcesses()
        .filter(process -> mark(process).anyMatch(names))
        .forEach(ProcessHandle::destroyForcibly);
  }

  private static Stream<String> mark(ProcessHandle process) {
    Path file = Path.of("/proc", process.pid() + "/environ");
    try {
      String environment = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      return Stream.of(environment.split("\0", -1))
          .filter(each -> each.startsWith(VARIABLE))
          .map(each -> each.substring(VARIABLE.length()));
    } catch (IOException goneMeanwhile) {
      return Stream.empty();
    }
  }
}
