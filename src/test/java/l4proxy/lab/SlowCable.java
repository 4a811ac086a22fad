package l4proxy.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A cable between two namespaces that takes its time, which no kernel has to be built for: a
 * program, {@code delay.py}, passes the packets on. It ends with the lab, as all that runs there,
 * or with the test process, which closes its stdin.
 */
final class SlowCable {
  private static final Path TUN = Path.of("/dev/net/tun");
  private static final Path PYTHON = Path.of("/usr/bin/python3");

  private final Writer orders;

  /** Makes it; its two ends, both called so, are down. */
  SlowCable(Namespace one, Namespace other, String name) throws IOException {
    List<String> command = new ArrayList<>(one.prefix());
    command.addAll(List.of(PYTHON.toString(), program(), name, other.path().toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    orders = process.outputWriter(StandardCharsets.US_ASCII);
    BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
    String first = said.readLine();
    if (!"ready".equals(first)) {
      process.destroyForcibly();
      throw new IOException("no slow cable: " + first + said.lines().toList());
    }
  }

  /** Why there can be none here; empty when there can. */
  static Optional<String> missing() {
    if (!Files.isExecutable(PYTHON)) {
      return Optional.of("python3 is not installed");
    }
    return Files.isWritable(TUN) ? Optional.empty() : Optional.of("there is no " + TUN);
  }

  private static String program() throws IOException {
    URL url = SlowCable.class.getResource("delay.py");
    if (url == null) {
      throw new IOException("delay.py is not beside " + SlowCable.class.getName());
    }
    try {
      return Path.of(url.toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** From now on packets take so long, each way. */
  void delay(Duration eachWay) throws IOException {
    orders.write(eachWay.toMillis() + " 0\n");
    orders.flush();
  }
}
