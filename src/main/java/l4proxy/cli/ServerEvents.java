package l4proxy.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Optional;
import l4proxy.api.ApiServer;
import l4proxy.api.EventFeed;
import l4proxy.auth.StateException;
import l4proxy.events.AccessLog;
import l4proxy.events.Counters;
import l4proxy.events.Events;
import l4proxy.events.LogFile;
import l4proxy.server.ProxyServer;

/**
 * Who is told what happens in a server: the log, the counters, those who listen over the API, and
 * the access log, which is closed with this.
 */
final class ServerEvents implements AutoCloseable {
  private final Counters counters = new Counters();
  private final EventFeed feed = new EventFeed();
  private final Optional<AccessLog> accessLog;
  private final Events all;

  /**
   * Tells them from now on.
   *
   * @param log the server's
   * @param accessLog where lines go
   */
  ServerEvents(Events log, Optional<LogFile> accessLog) {
    this.accessLog = accessLog.map(file -> new AccessLog(file, counters, log));
    Events shown = Events.all(log, counters, feed);
    this.all = this.accessLog.map(lines -> Events.all(shown, lines)).orElse(shown);
  }

  /** Opens the file of {@code --access_log}; {@code -} is stdout. */
  static LogFile open(Path path, Shell shell) throws FailedException {
    try {
      return path.toString().equals("-") ? LogFile.of(stdout(shell)) : LogFile.open(path);
    } catch (IOException e) {
      throw new FailedException(
          "--access_log: cannot write to "
              + path
              + " ("
              + StateException.reason(e)
              + "); its directory must be there, and this user must be allowed to write to it.");
    }
  }

  /** The process's own by its descriptor: a PrintStream would keep to itself what it loses. */
  private static OutputStream stdout(Shell shell) {
    return shell.out().equals(System.out) ? new FileOutputStream(FileDescriptor.out) : shell.out();
  }

  /** All of them. */
  Events events() {
    return all;
  }

  /** The API of a server that tells these; closed by the caller. */
  ApiServer api(ProxyServer proxy) throws IOException {
    return new ApiServer(proxy, counters, feed);
  }

  @Override
  public void close() {
    accessLog.ifPresent(AccessLog::close);
  }
}
