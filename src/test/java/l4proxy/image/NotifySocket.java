package l4proxy.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * A socket such as systemd has for {@code NOTIFY_SOCKET}, which prints each datagram as a line, its
 * assignments with {@code |} between them. {@link #close()} ends it.
 */
final class NotifySocket implements AutoCloseable {
  /** Closes what descriptors come along, for which the sender of BARRIER=1 waits. */
  private static final String RECEIVE =
      """
      import os, socket, sys
      receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      receiver.bind(sys.argv[1])
      print("bound", flush=True)
      while True:
          data, descriptors, flags, sender = socket.recv_fds(receiver, 65536, 4)
          for each in descriptors:
              os.close(each)
          if data != b"BARRIER=1":
              print(data.decode().strip().replace("\\n", "|"), flush=True)
      """;

  private final Path path;
  private final Program receiver;

  /** Opens it; the test is skipped where the programs for it are missing. */
  NotifySocket(Path directory) throws IOException, InterruptedException {
    Tools.require("systemd-notify");
    path = directory.resolve("notify");
    receiver = Program.start(directory, Tools.require("python3"), "-c", RECEIVE, path.toString());
    receiver.awaitOut("^bound$");
  }

  /** What tells a program of it. */
  Map<String, String> environment() {
    return Map.of("NOTIFY_SOCKET", path.toString());
  }

  /** Waits for a datagram that has this in it. */
  String await(String expression) throws InterruptedException {
    return receiver.awaitOut(expression).text();
  }

  /** How many datagrams had this in them. */
  long count(String expression) {
    return receiver.out().count(expression);
  }

  @Override
  public void close() {
    receiver.close();
  }
}
