package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import java.io.IOException;
import java.util.List;
import l4proxy.client.RefusedException;
import org.jspecify.annotations.Nullable;

/** {@code l4proxy client list user}. */
final class ClientListUserCommand implements Command {
  private static final List<String> TITLES = List.of("User Address", "Speed In", "Speed Out");
  private static final List<String> FIELDS = List.of("userAddr", "speedIn", "speedOut");

  @ParametersDelegate private final ServerOptions server = new ServerOptions();
  @ParametersDelegate private final OutputOptions output = new OutputOptions();

  @Parameter(
      names = "--client_name",
      placeholder = "NAME",
      description =
          "whose users: a name that 'client list' shows; a display name that only one client has"
              + " will do",
      converter = Values.Name.class,
      order = 3)
  private @Nullable String name;

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    if (name == null) {
      throw new UsageException("--client_name is missing: whose users? 'client list' shows them.");
    }
    ServerApi api = server.api(shell);
    String client = ClientNames.find(api, name);
    output.print(
        shell,
        api.all("/v1/clients/" + ServerApi.part(client) + "/users", "users"),
        "users",
        TITLES,
        each -> FIELDS.stream().map(field -> ServerApi.text(each, field)).toList());
    return 0;
  }
}
