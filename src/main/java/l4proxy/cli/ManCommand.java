package l4proxy.cli;

/** {@code l4proxy man}: prints the manual page. */
final class ManCommand implements Command {
  @Override
  public int run(Shell shell) throws FailedException {
    shell.print(ManPage.text().stripTrailing());
    return 0;
  }
}
