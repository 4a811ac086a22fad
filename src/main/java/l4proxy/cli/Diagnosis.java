package l4proxy.cli;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import l4proxy.client.RefusedException;

/** Takes one step after the other, and prints what each came to as soon as it is known. */
final class Diagnosis {
  /** A step; an exception is a failure, its message the text. */
  interface Step {
    Finding find() throws IOException, UsageException, FailedException, RefusedException;
  }

  private final Shell shell;
  private final Map<String, Finding.Mark> taken = new HashMap<>();

  Diagnosis(Shell shell) {
    this.shell = shell;
  }

  /**
   * Takes a step, unless one that it needs failed or was skipped.
   *
   * @param name of the step, one word
   * @param needs names of steps before
   */
  void step(String name, List<String> needs, Step step) throws FailedException {
    Finding finding =
        needs.stream()
            .filter(need -> taken.getOrDefault(need, Finding.Mark.SKIPPED).missing())
            .findFirst()
            .map(need -> new Finding(Finding.Mark.SKIPPED, "because of " + need))
            .orElseGet(() -> find(step));
    taken.put(name, finding.mark());
    String text = finding.text().replaceAll("[\\p{Cntrl}\\x80-\\x9f]", "?");
    shell.print("%-4s  %-11s  %s".formatted(finding.mark().shown(), name, text));
  }

  private static Finding find(Step step) {
    try {
      return step.find();
    } catch (IOException | UsageException | FailedException | RefusedException e) {
      return Finding.fail(String.valueOf(e.getMessage()));
    }
  }

  boolean failed() {
    return taken.containsValue(Finding.Mark.FAIL);
  }
}
