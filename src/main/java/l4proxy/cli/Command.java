package l4proxy.cli;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import l4proxy.api.Fields;
import l4proxy.client.RefusedException;

/** One command: its options are fields, filled before it runs. */
interface Command {
  /**
   * Does what the command is for.
   *
   * @return the exit code
   */
  int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException, InterruptedException;

  /** The field of the {@code --config} file that stands for an option; empty when there is none. */
  default String field(Option option) {
    return option.field();
  }

  /** Whether an environment variable may stand for an option. */
  default boolean inEnvironment(Option option) {
    return true;
  }

  /** Fields of the {@code --config} file that stand for no option. */
  default Set<String> ownFields() {
    return Set.of();
  }

  /**
   * Takes {@link #ownFields()} out of the {@code --config} file.
   *
   * @param source names the file, for messages
   */
  default void take(Fields file, String source) throws UsageException {}

  /** How it was called, for a command that reads its file again while it runs. */
  default void called(List<String> words) {}
}
