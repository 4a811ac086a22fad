package l4proxy.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import l4proxy.net.Connection;
import l4proxy.net.Hosts;
import l4proxy.net.PlainConnection;

/** One look at a backend, within a bounded time and number of bytes. */
final class HealthProbe {
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-9][0-9]{2})(?: .*)?");

  /** The head of an answer, those that go before it, too. */
  private static final int LONGEST_HEAD = 16 * 1024;

  private HealthProbe() {}

  /**
   * Looks.
   *
   * @throws IOException when the backend is not fit; the message says why
   */
  static void look(ServiceConfig service, HealthCheck check) throws IOException {
    long began = System.nanoTime();
    try (Connection backend = new PlainConnection(Hosts.connect(service.backend(), check.time()))) {
      if (service.handling().proxyProtocol().isPresent()) {
        backend.out().write(service.handling().proxyProtocol().get().ofOurs());
      }
      if (check.kind().path().isPresent()) {
        Duration left = check.time().minusNanos(System.nanoTime() - began);
        backend.in().deadline(left.isPositive() ? left : Duration.ofNanos(1));
        backend.out().write(request(check.kind().path().get(), service));
        int status = status(backend.in());
        if (status < 200 || status > 399) {
          throw new IOException("it answers with status " + status);
        }
      }
    }
  }

  private static byte[] request(String path, ServiceConfig service) {
    return ("GET "
            + path
            + " HTTP/1.1\r\nHost: "
            + service.backend()
            + "\r\nUser-Agent: l4proxy\r\nAccept: */*\r\nConnection: close\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The status of the answer; of 100 to 199 there may be some before it. */
  private static int status(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (true) {
      String line = line(in, head);
      Matcher matcher = STATUS.matcher(line);
      if (!matcher.matches()) {
        throw new IOException("its answer is not HTTP");
      }
      int status = Integer.parseInt(matcher.group(1));
      if (status >= 200) {
        return status;
      }
      while (!line.isEmpty()) {
        line = line(in, head);
      }
    }
  }

  /** The next line, appended to what was read so far. */
  private static String line(InputStream in, StringBuilder head) throws IOException {
    int start = head.length();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("it ends without an answer");
      }
      if (head.length() >= LONGEST_HEAD) {
        throw new IOException("the head of its answer is longer than " + LONGEST_HEAD + " bytes");
      }
      head.append((char) b);
    }
    String line = head.substring(start);
    return line.endsWith("\r") ? line.substring(0, line.length() - 1) : line;
  }
}
