package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.Hosts;
import l4proxy.net.PlainConnection;
import l4proxy.net.Relay;
import l4proxy.net.Sockets;

/** {@code l4proxy lan}: forwards a local port with the relay that a server uses. */
final class LanCommand implements Command {
  private static final Duration DIAL = Duration.ofSeconds(5);

  @Parameter(
      names = "--pub_port",
      placeholder = "PORT",
      description = "the port to listen on, on every address of this machine; 0 for any free one",
      defaultValueDescription = "22",
      converter = Values.AnyPort.class,
      order = 1)
  private int pubPort = 22;

  @Parameter(description = "[host] [port]")
  private List<String> arguments = new ArrayList<>();

  @Override
  public int run(Shell shell) throws UsageException, FailedException, InterruptedException {
    HostPort backend = Backend.parse(arguments);
    Stop stop = shell.stop().get();
    try (AcceptLoop loop = new AcceptLoop("lan", listen(), socket -> relay(socket, backend))) {
      shell.announce("PUBLIC ADDRESS: " + new HostPort(OwnHost.of(""), loop.port()));
      stop.await();
    }
    return 0;
  }

  private ServerSocket listen() throws FailedException {
    try {
      return Sockets.listen(new InetSocketAddress(pubPort));
    } catch (IOException e) {
      throw new FailedException(
          "Cannot listen on port "
              + pubPort
              + " ("
              + e.getMessage()
              + "): stop what uses it, or choose another with --pub_port.");
    }
  }

  private static void relay(Socket socket, HostPort backend)
      throws IOException, InterruptedException {
    try (Connection user = new PlainConnection(socket).resetWhenLost()) {
      Connection dialled;
      try {
        dialled = new PlainConnection(Hosts.connect(backend, DIAL)).resetWhenLost();
      } catch (IOException e) {
        user.abort();
        throw e;
      }
      try (dialled) {
        Relay.join("user " + Sockets.text(user.remote()) + " up", user, dialled);
      }
    }
  }
}
