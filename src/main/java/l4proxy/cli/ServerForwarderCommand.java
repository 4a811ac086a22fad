package l4proxy.cli;

import com.beust.jcommander.Parameter;
import com.beust.jcommander.ParametersDelegate;
import com.google.gson.JsonObject;
import java.io.IOException;
import l4proxy.client.RefusedException;

/** {@code l4proxy server forwarder}: has a server run an HTTP forward proxy. */
final class ServerForwarderCommand implements Command {
  static final String PATH = "/v1/services";

  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @ParametersDelegate private final ForwarderOptions forwarder = new ForwarderOptions();

  @Parameter(
      names = "--pub_port",
      placeholder = "PORT",
      description = "the public port wanted on the server; 0 for any",
      defaultValueDescription = "0",
      converter = Values.AnyPort.class,
      order = 20)
  private int pubPort;

  @Parameter(
      names = "--client_name",
      placeholder = "NAME",
      description = "what it is called: 1 to 19 letters, digits, '-', '_' or '.'",
      defaultValueDescription = ServiceOptions.NAME,
      converter = Values.DisplayName.class,
      order = 21)
  private String clientName = ServiceOptions.NAME;

  /**
   * Whether a variable may stand for an option: not for --allow, since the server's own says who
   * may use all its ports, and would open this proxy to them without a login.
   */
  @Override
  public boolean inEnvironment(Option option) {
    return !option.name().equals(ForwarderOptions.ALLOW);
  }

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    JsonObject wanted = new JsonObject();
    wanted.addProperty("kind", "http_forwarder");
    wanted.addProperty("publicPort", pubPort);
    wanted.addProperty("displayName", clientName);
    forwarder.userAuth().ifPresent(text -> wanted.addProperty("userAuth", text));
    forwarder.allow().ifPresent(ranges -> wanted.addProperty("allow", ranges.toString()));
    ServerApi api = server.api(shell);
    JsonObject made = api.post(PATH, wanted);
    String address = ServerApi.text(made, "publicAddress");
    if (address.isEmpty()) {
      throw api.strange();
    }
    String shown =
        server
            .shown(address)
            .orElseThrow(() ->
                new FailedException("The server names no address that this version understands."));
    String lost =
        "the proxy runs all the same; 'l4proxy server forwarder close "
            + ServerApi.text(made, "name")
            + "' closes it, then run this again with another";
    shell.print("PUBLIC ADDRESS: " + shown, lost);
    String login = ServerApi.text(made, "proxyLogin");
    if (!login.isEmpty()) {
      shell.print("PROXY LOGIN: " + login, lost);
    }
    return 0;
  }
}
