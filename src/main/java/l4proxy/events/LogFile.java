package l4proxy.events;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * A file that lines are appended to, or a stream.
 *
 * <p>Before each write it makes sure that the file at its path still is the one that is open: when
 * it was moved or deleted, as logrotate does, it goes on with a new one. A named pipe need not have
 * a reader yet: it holds as much as the kernel lets it. One thread uses it.
 */
public final class LogFile implements AutoCloseable {
  /** Of a file's mode: what it is, and a named pipe: inode(7). */
  private static final int KIND = 0170000;

  private static final int PIPE = 0010000;

  private final @Nullable Path path;
  private WritableByteChannel channel;
  private @Nullable Object inode;

  /** Whether it ends within a line, since a write failed, or who wrote it before was killed. */
  private boolean torn;

  private LogFile(@Nullable Path path, WritableByteChannel channel, @Nullable Object inode) {
    this.path = path;
    this.channel = channel;
    this.inode = inode;
    this.torn = path != null && isTorn(path);
  }

  /**
   * Opens a file, which is made when there is none.
   *
   * @param path of it
   * @return the file, at its end
   * @throws IOException when it cannot be opened
   */
  public static LogFile open(Path path) throws IOException {
    return new LogFile(path, append(path), inode(path));
  }

  /**
   * Writes to a stream, which it leaves open.
   *
   * @param out such as stdout; lines are lost without a word where it throws nothing, as a
   *     PrintStream
   * @return the stream as a file
   */
  public static LogFile of(OutputStream out) {
    return of(Channels.newChannel(out));
  }

  static LogFile of(WritableByteChannel channel) {
    return new LogFile(null, channel, null);
  }

  private static WritableByteChannel append(Path path) throws IOException {
    if (isPipe(path)) { // opened for writing alone it would wait for a reader, perhaps for ever
      return Files.newByteChannel(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    }
    return Files.newByteChannel(
        path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  }

  private static boolean isPipe(Path path) throws IOException {
    try {
      return Files.getAttribute(path, "unix:mode") instanceof Integer mode && (mode & KIND) == PIPE;
    } catch (NoSuchFileException | UnsupportedOperationException | IllegalArgumentException none) {
      return false;
    }
  }

  /** Whether a file ends within a line; one that may not be read is taken at its best. */
  private static boolean isTorn(Path path) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (SeekableByteChannel file = Files.newByteChannel(path)) {
      ByteBuffer last = ByteBuffer.allocate(1);
      return file.size() > 0
          && file.position(file.size() - 1).read(last) == 1
          && last.get(0) != '\n';
    } catch (IOException unreadable) {
      return false;
    }
  }

  /** What tells a file from another at the same path; null when there is none. */
  private static @Nullable Object inode(Path path) throws IOException {
    try {
      return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    } catch (NoSuchFileException moved) {
      return null;
    }
  }

  /** Writes lines, all of them. */
  void write(byte[] lines) throws IOException {
    follow();
    ByteBuffer left = ByteBuffer.wrap(lines);
    try {
      if (torn) {
        channel.write(ByteBuffer.wrap(new byte[] {'\n'}));
        torn = false;
      }
      while (left.hasRemaining()) {
        channel.write(left);
      }
    } catch (IOException e) {
      if (left.position() > 0) { // else it ends as it did before
        torn = lines[left.position() - 1] != '\n';
      }
      throw e;
    }
  }

  /** Goes on with a new file when the one that is open was moved away. */
  private void follow() throws IOException {
    if (path == null) {
      return;
    }
    Object there = inode(path);
    if (there == null || !there.equals(inode)) {
      WritableByteChannel next = append(path);
      channel.close();
      channel = next;
      inode = inode(path);
      torn = isTorn(path);
    }
  }

  @Override
  public void close() throws IOException {
    if (path != null) {
      channel.close();
    }
  }

  @Override
  public String toString() {
    return path == null ? "on stdout" : path.toString();
  }
}
