package l4proxy.cli;

import com.beust.jcommander.ParametersDelegate;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import l4proxy.client.RefusedException;
import l4proxy.net.HostPort;

/** {@code l4proxy dashboard}. */
final class DashboardCommand implements Command {
  @ParametersDelegate private final ServerOptions server = new ServerOptions();

  @Override
  public int run(Shell shell)
      throws UsageException, FailedException, RefusedException, IOException {
    ServerApi api = server.api(shell);
    JsonObject made = api.post("/v1/codes", new JsonObject());
    String code = ServerApi.text(made, "code");
    if (!code.matches("[A-Za-z0-9_-]{22}")) {
      throw api.strange();
    }
    String link = origin(ServerApi.text(made, "apiAddress")) + "/#code=" + code;
    shell.print(link);
    new Browser(shell).open(link);
    return 0;
  }

  /** Without TLS where that stays on this machine; else through the control port. */
  private String origin(String apiAddress) {
    try {
      if (!apiAddress.isEmpty() && isHere(server.server().host())) {
        HostPort address = HostPort.parse(apiAddress, -1);
        if (InetAddress.getByName(address.host()).isLoopbackAddress()) {
          return "http://" + address;
        }
      }
    } catch (IOException | IllegalArgumentException unknown) {
      // the control port is where the code came from
    }
    return "https://" + server.server();
  }

  private static boolean isHere(String host) throws IOException {
    InetAddress address = InetAddress.getByName(host);
    return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
  }
}
