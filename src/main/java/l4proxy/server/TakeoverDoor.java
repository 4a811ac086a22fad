package l4proxy.server;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a process knocks that wants to take this one over, see {@link TakeoverLink}. Each visitor
 * has a virtual thread. {@link #close()} removes the socket and returns at once; who is in stays,
 * and the door may be opened again. Any thread.
 */
final class TakeoverDoor implements AutoCloseable {
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final Path directory;
  private final Consumer<TakeoverLink> visitor;
  private @Nullable ServerSocketChannel listener;

  /**
   * A door that is closed yet.
   *
   * @param directory the state's, which this process holds while the door is open
   * @param visitor given each link, which is closed behind that
   */
  TakeoverDoor(Path directory, Consumer<TakeoverLink> visitor) {
    this.directory = directory;
    this.visitor = visitor;
  }

  synchronized void open() throws IOException {
    Files.deleteIfExists(socket()); // of a process that is gone
    ServerSocketChannel opened = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    boolean open = false;
    try {
      opened.bind(TakeoverLink.address(directory));
      Files.setPosixFilePermissions(socket(), PosixFilePermissions.fromString("rw-------"));
      open = true;
    } finally {
      if (!open) {
        opened.close();
      }
    }
    listener = opened;
    Thread.ofVirtual().name("takeover door").start(() -> admit(opened));
  }

  private Path socket() {
    return directory.resolve(TakeoverLink.SOCKET);
  }

  private void admit(ServerSocketChannel from) {
    while (from.isOpen()) {
      try {
        SocketChannel channel = from.accept();
        Thread.ofVirtual().name("takeover").start(() -> admit(channel));
      } catch (IOException e) {
        // it is closed; or there is no descriptor left, for a while
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  private void admit(SocketChannel channel) {
    try (TakeoverLink link = new TakeoverLink(channel)) {
      visitor.accept(link);
    }
  }

  @Override
  public synchronized void close() {
    if (listener == null) {
      return; // another process may have its own there
    }
    try {
      listener.close();
      Files.deleteIfExists(socket());
    } catch (IOException e) {
      // the next process removes it
    }
    listener = null;
  }
}
