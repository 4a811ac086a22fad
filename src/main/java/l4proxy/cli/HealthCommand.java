package l4proxy.cli;

import com.beust.jcommander.Parameter;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import l4proxy.net.HostPort;
import l4proxy.net.Sockets;

/**
 * {@code l4proxy health}: whether the server of this container answers. A container that runs
 * anything else, a client say, is as healthy as its process, of which nothing else can be asked.
 */
final class HealthCommand implements Command {
  private static final Duration TIME = Duration.ofSeconds(3);
  private static final String MAIN = "l4proxy.Main"; // the class is above this package

  @Parameter(
      names = "--api_addr",
      placeholder = "HOST:PORT",
      description = "where the server's API listens without TLS",
      defaultValueDescription = "127.0.0.1:2223",
      converter = AddressValues.ApiAddress.class,
      order = 1)
  private Optional<HostPort> apiAddr = Optional.of(HostPort.parse("127.0.0.1:2223", -1));

  @Override
  public int run(Shell shell) throws FailedException {
    if (apiAddr.isPresent() && isServer(ProcessHandle.of(1))) {
      ask(apiAddr.get());
    }
    return 0;
  }

  /** Whether a process may be a server; one that hides its words may. */
  private static boolean isServer(Optional<ProcessHandle> first) {
    return first
        .flatMap(process -> process.info().arguments())
        .map(words -> isServer(Arrays.asList(words)))
        .orElse(true);
  }

  /**
   * Whether a process with these words may be a server. The command is what stands behind the
   * program's main class: anything else, a server's host say, may be named "server", too.
   */
  static boolean isServer(List<String> words) {
    int main =
        IntStream.range(0, words.size())
            .filter(at -> words.get(at).endsWith(MAIN))
            .findFirst()
            .orElse(words.size());
    return main + 1 >= words.size() || words.get(main + 1).equals("server");
  }

  private static void ask(HostPort api) throws FailedException {
    try (Socket socket = Sockets.connect(api.resolve(), TIME)) {
      socket.setSoTimeout((int) TIME.toMillis());
      socket
          .getOutputStream()
          .write("GET /healthz HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
      String status = String.valueOf(in.readLine());
      if (!status.matches("HTTP/1[.][01] 200( .*)?")) {
        throw new FailedException("The server at " + api + " is not well: " + Text.bare(status));
      }
    } catch (IOException e) {
      throw new FailedException(
          "No server answers at "
              + api
              + " ("
              + e.getMessage()
              + "): start one, or give its --api_addr.");
    }
  }
}
