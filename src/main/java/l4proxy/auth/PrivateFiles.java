package l4proxy.auth;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Directories and files that only their owner may read. Modes are set where the file system has
 * them; elsewhere (Windows) what a new file inherits from the user's directory has to do.
 */
public final class PrivateFiles {
  /**
   * Ends the name of everything temporary. Leftovers of a crash are removed by it, so nobody else's
   * file may end so, wherever --state_dir points.
   */
  static final String TEMPORARY = ".l4proxy-tmp";

  private PrivateFiles() {}

  /**
   * Creates what is missing of the directory's path, each with mode 0700 and, where root does so,
   * with the owner and the group of the directory that was there.
   *
   * @param directory which may be there already
   * @throws IOException when it cannot be created, or something else is in its place
   */
  public static void createDirectories(Path directory) throws IOException {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new FileAlreadyExistsException(directory.toString(), null, "not a directory");
    }
    Deque<Path> missing = new ArrayDeque<>();
    Path there = directory.toAbsolutePath();
    while (there.getParent() != null && Files.notExists(there)) {
      missing.push(there);
      there = there.getParent();
    }
    Files.createDirectories(directory, mode(directory, "rwx------"));
    for (Path made : missing) {
      Owners.copy(made, there);
    }
  }

  /**
   * Opens a lock file, created with mode 0600 if missing and, where root does so, with the owner
   * and the group of its directory. The caller closes it.
   *
   * @param file only ever locked, never removed
   * @return open for writing, not locked yet
   * @throws IOException when it cannot be created or opened
   */
  public static FileChannel openLockFile(Path file) throws IOException {
    try {
      Files.createFile(file, mode(file, "rw-------"));
      Owners.copy(file, file.toAbsolutePath().resolveSibling(""));
    } catch (FileAlreadyExistsException e) {
      // The usual case: a lock file stays, since removing it would part those who wait for it.
    }
    return FileChannel.open(file, StandardOpenOption.WRITE);
  }

  /** Makes a rename in this directory last over a power cut. */
  static void syncDirectory(Path directory) throws IOException {
    if (!isPosix(directory)) {
      return; // Windows opens no directory as a file, and its renames are journalled.
    }
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * Removes the temporary files whose name starts so, and temporary directories of one level. Only
   * for who holds the lock on the directory: nobody else's file may be among them.
   */
  static void removeLeftovers(Path directory, String prefix) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = String.valueOf(entry.getFileName());
        if (name.startsWith(prefix) && name.endsWith(TEMPORARY)) {
          remove(entry);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  /** Removes a file, or a directory with the files in it. */
  static void remove(Path path) throws IOException {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        for (Path entry : entries) {
          Files.deleteIfExists(entry);
        }
      }
    }
    Files.deleteIfExists(path);
  }

  private static boolean isPosix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  private static FileAttribute<?>[] mode(Path path, String permissions) {
    return isPosix(path)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }
}
