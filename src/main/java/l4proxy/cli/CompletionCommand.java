package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.util.ArrayList;
import java.util.List;

/** {@code l4proxy completion}: prints what a shell needs to complete command lines. */
final class CompletionCommand implements Command {
  /** The shells, as the argument is shown. */
  static final String SHELLS = "bash|zsh|fish";

  @Parameter(description = SHELLS)
  private List<String> arguments = new ArrayList<>();

  @Override
  public int run(Shell shell) throws UsageException, FailedException {
    if (arguments.size() != 1) {
      throw expected(arguments.isEmpty() ? "none" : arguments.size() + " words");
    }
    CommandTree tree = new CommandTree();
    String script =
        switch (arguments.getFirst()) {
          case "bash" -> BashCompletion.of(tree);
          case "zsh" -> ZshCompletion.of(tree);
          case "fish" -> FishCompletion.of(tree);
          default -> throw expected(Text.quoted(arguments.getFirst()));
        };
    shell.print(script.stripTrailing());
    return 0;
  }

  private static UsageException expected(String given) {
    return new UsageException(
        "Expected the name of one shell, bash, zsh or fish, instead of " + given + ".");
  }
}
