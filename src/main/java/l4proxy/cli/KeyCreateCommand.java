package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import l4proxy.auth.Grant;
import l4proxy.client.RefusedException;
import l4proxy.net.PortRanges;
import org.jspecify.annotations.Nullable;

/** {@code l4proxy key create}. */
final class KeyCreateCommand implements Command {
  private static final String PORTS = "--ports";

  @ParametersDelegate private final KeyOptions keys = new KeyOptions();

  @Parameter(
      names = PORTS,
      placeholder = "PORTS",
      description = "the public ports that the key may use, such as 2200-2299",
      defaultValueDescription = "all that the server grants",
      converter = Values.Ports.class,
      order = 3)
  private @Nullable PortRanges ports;

  @Parameter(
      names = "--max_services",
      placeholder = "NUMBER",
      description = "how many services it may expose at once; 0 for no bound",
      defaultValueDescription = "0",
      converter = Values.Count.class,
      order = 4)
  private int maxServices;

  @Parameter(
      names = "--limit_rate",
      placeholder = "BYTES",
      description =
          "bytes a second of all its users together, in each direction, such as 500k or 10M; 0 for"
              + " no bound",
      defaultValueDescription = "0",
      converter = Values.Rate.class,
      order = 5)
  private BytesPerSecond limitRate = BytesPerSecond.NO_BOUND;

  @Parameter(
      names = "--admin",
      description = "makes an admin key, which sees and ends everything",
      converter = Values.Truth.class,
      arity = 1,
      order = 6)
  private boolean admin;

  @Parameter(description = "NAME")
  private List<String> arguments = new ArrayList<>();

  /**
   * Whether a variable may stand for an option: not for --ports either, since the server's own says
   * what all its clients may use, and would bind this key to that for ever.
   */
  @Override
  public boolean inEnvironment(Option option) {
    return KeyOptions.inEnvironment(option) && !option.name().equals(PORTS);
  }

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    String name = KeyOptions.name(arguments);
    try (KeyAccess access = keys.openOrMake(shell)) {
      Grant grant = new Grant(admin, Optional.ofNullable(ports), maxServices, limitRate.number());
      shell.print(
          access.create(new KeyAccess.Wanted(name, grant)),
          "the key "
              + name
              + " was made, and nobody knows it; revoke it with 'l4proxy key revoke "
              + name
              + "', and make another");
    }
    return 0;
  }
}
