package l4proxy.auth;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * A text file that is read whole and written whole or not at all: a reader sees the old content or
 * the new, also after a crash or a power cut. Holds nothing open. Any thread may call it; of two
 * writers at once the later one wins, so who reads, changes and writes needs a lock of its own.
 */
public final class WholeFile {
  /** The most bytes that are read or written. */
  public static final int MAX_BYTES = 16 << 20;

  private final Path path;

  /**
   * Names the file; does nothing yet.
   *
   * @param path the file, which need not exist
   */
  public WholeFile(Path path) {
    this.path = path.toAbsolutePath();
  }

  /**
   * The file.
   *
   * @return its absolute path
   */
  public Path path() {
    return path;
  }

  /**
   * Reads the file.
   *
   * @return the content; empty if there is no such file
   * @throws StateException if there is one and it cannot be read, is no regular file, is larger
   *     than {@link #MAX_BYTES} or is not UTF-8 text
   */
  public Optional<String> read() throws StateException {
    // Not "!exists": what lies in a directory that may not be searched is no missing file.
    if (Files.notExists(path, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    byte[] bytes = readBytes();
    try {
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      throw StateException.corrupt(path, "it is not text in UTF-8");
    }
  }

  /**
   * Replaces the content, with mode 0600. Missing directories are created with mode 0700. A
   * symbolic link stays, and what it leads to is replaced. Where root does so, owner and group stay
   * those of the old file; a new one has its directory's.
   *
   * @param content the whole new content
   * @throws StateException if it cannot be written; the old content is then still there
   */
  public void write(String content) throws StateException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_BYTES) {
      throw new StateException(
          "Cannot write %s: %d bytes are more than the %d that would be read again."
              .formatted(path, bytes.length, MAX_BYTES));
    }
    try {
      Path target = Files.isSymbolicLink(path) ? path.toRealPath() : path;
      Path directory = directory(target);
      PrivateFiles.createDirectories(directory);
      replace(target, directory, bytes);
    } catch (IOException e) {
      throw StateException.refused(
          "write", path, "the directory must be writable for this user and have room", e);
    }
  }

  /**
   * Removes what writers left behind that were killed within a write. Only for who holds a lock
   * that every writer of this file takes.
   *
   * @throws IOException when the directory cannot be read or changed
   */
  public void removeLeftovers() throws IOException {
    PrivateFiles.removeLeftovers(directory(path), temporaryPrefix());
  }

  /** What the names of this file's temporary files start with. */
  String temporaryPrefix() {
    return "." + path.getFileName() + ".";
  }

  private void replace(Path target, Path directory, byte[] bytes) throws IOException {
    // On a file system with modes, createTempFile gives 0600.
    Path temporary = Files.createTempFile(directory, temporaryPrefix(), PrivateFiles.TEMPORARY);
    try {
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        Owners.copy(temporary, Files.exists(target) ? target : directory);
        channel.force(true); // before the rename, or a power cut may leave an empty file
      }
      Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
    PrivateFiles.syncDirectory(directory);
  }

  private byte[] readBytes() throws StateException {
    try {
      // Opening a FIFO would wait for a writer, for ever.
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        throw StateException.corrupt(path, "it is not a regular file");
      }
      try (InputStream in = Files.newInputStream(path)) {
        byte[] bytes = in.readNBytes(MAX_BYTES + 1);
        if (bytes.length > MAX_BYTES) {
          throw StateException.corrupt(path, "it is larger than " + MAX_BYTES + " bytes");
        }
        return bytes;
      }
    } catch (StateException e) {
      throw e;
    } catch (IOException e) {
      throw StateException.refused("read", path, "make it readable for this user", e);
    }
  }

  private static Path directory(Path file) {
    Path parent = file.getParent();
    if (parent == null) {
      throw new IllegalArgumentException("A file has a directory; " + file + " has none.");
    }
    return parent;
  }
}
