package l4proxy.auth;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The directory a server keeps its state in, held by one server at a time through a lock on the
 * file {@code lock} in it. The opener closes it, which lets the next server in; the operating
 * system does so when the process ends. Any thread may call it.
 */
public final class StateDirectory implements AutoCloseable {
  private static final String LOCK = "lock";
  private static final Duration LOOK = Duration.ofMillis(20);
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}");

  /**
   * The directories this process holds. A POSIX lock is lost as soon as the process closes any
   * descriptor of the file, so a second attempt must be refused before it opens the lock file; one
   * at a time looks or locks, under this.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path path;
  private @Nullable FileChannel lockFile;
  private volatile boolean closed;

  private StateDirectory(Path path, @Nullable FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /**
   * Where the state belongs if no option says so: {@code $L4PROXY_STATE_DIR}, else {@code
   * /var/lib/l4proxy} for root, else {@code l4proxy} in {@code $XDG_STATE_HOME} or {@code
   * ~/.local/state}.
   *
   * @param environment the environment variables
   * @param userName who runs the server, as in the system property {@code user.name}
   * @return the directory, which need not exist
   * @throws StateException if the user has no home directory and no variable is set
   */
  public static Path defaultPath(Map<String, String> environment, String userName)
      throws StateException {
    String named = environment.getOrDefault("L4PROXY_STATE_DIR", "");
    if (!named.isEmpty()) {
      return Path.of(named);
    }
    if (userName.equals("root")) {
      return Path.of("/var/lib/l4proxy");
    }
    return UserDirectories.directory(environment, "XDG_STATE_HOME", ".local/state")
        .resolve("l4proxy");
  }

  /**
   * Creates the directory (mode 0700) if it is missing, locks it, and removes what a crash left.
   *
   * @param directory the directory
   * @return the directory, held until it is closed
   * @throws StateException if another server holds it, or it cannot be created or written
   */
  public static StateDirectory open(Path directory) throws StateException {
    Path path;
    try {
      PrivateFiles.createDirectories(directory);
      path = directory.toRealPath();
    } catch (IOException e) {
      throw refused(directory, e);
    }
    return new StateDirectory(path, lock(path));
  }

  private static FileChannel lock(Path path) throws StateException {
    synchronized (HELD) {
      return lockAlone(path);
    }
  }

  private static FileChannel lockAlone(Path path) throws StateException {
    if (!HELD.add(path)) {
      throw inUse(path);
    }
    @Nullable FileChannel lockFile = null;
    try {
      lockFile = PrivateFiles.openLockFile(path.resolve(LOCK));
      @Nullable FileLock lock = lockFile.tryLock();
      if (lock == null) {
        throw inUse(path);
      }
      PrivateFiles.removeLeftovers(path, ".");
      return lockFile;
    } catch (IOException | OverlappingFileLockException e) {
      release(path, lockFile);
      throw switch (e) {
        case StateException inUse -> inUse;
        case IOException other -> refused(path, other);
        default -> inUse(path);
      };
    }
  }

  /**
   * The directory of another server that is being taken over: read, but not written before it is
   * {@link #hold held}.
   *
   * @param directory the directory
   * @return the directory, not held
   * @throws StateException if there is none
   */
  public static StateDirectory beside(Path directory) throws StateException {
    try {
      return new StateDirectory(directory.toRealPath(), null);
    } catch (IOException e) {
      throw refused(directory, e);
    }
  }

  /**
   * Holds a directory that another server gives up.
   *
   * @param time how long that may take
   * @throws StateException if it is still held then, cannot be written, or was closed
   */
  public void hold(Duration time) throws StateException {
    long began = System.nanoTime();
    while (true) {
      try {
        hold();
        return;
      } catch (StateException held) {
        if (closed || System.nanoTime() - began > time.toNanos()) {
          throw held;
        }
        LockSupport.parkNanos(LOOK.toNanos());
      }
    }
  }

  private synchronized void hold() throws StateException {
    if (closed) {
      throw new StateException("The state directory %s was closed.".formatted(path));
    }
    lockFile = lock(path);
  }

  /**
   * Lets another server hold the directory, which it is to {@link #hold hold} next; nothing can be
   * written before it is held here again.
   */
  public synchronized void release() {
    if (lockFile != null) {
      release(path, lockFile);
      lockFile = null;
    }
  }

  /**
   * Whether a server holds a directory.
   *
   * @param directory which need not exist
   * @return false also where nobody can tell
   */
  public static boolean isHeld(Path directory) {
    try {
      Path path = directory.toRealPath();
      synchronized (HELD) {
        if (HELD.contains(path)) {
          return true;
        }
        try (FileChannel file = FileChannel.open(path.resolve(LOCK), StandardOpenOption.WRITE)) {
          return file.tryLock() == null;
        }
      }
    } catch (OverlappingFileLockException held) {
      return true;
    } catch (IOException none) {
      return false;
    }
  }

  /**
   * Whether another server holds it now.
   *
   * @return false also where nobody can tell
   */
  public synchronized boolean isElsewhere() {
    return lockFile == null && isHeld(path);
  }

  /**
   * The directory.
   *
   * @return its real path
   */
  public Path path() {
    return path;
  }

  /**
   * Reads one state file.
   *
   * @param name the file's name in the directory
   * @return its content; empty if there is none
   * @throws StateException if there is one that cannot be read, larger than {@link
   *     WholeFile#MAX_BYTES} or not text
   */
  public Optional<String> read(String name) throws StateException {
    return file(name).read();
  }

  /**
   * Replaces one state file whole or not at all; mode 0600.
   *
   * @param name the file's name in the directory
   * @param content the whole new content
   * @throws StateException if it cannot be written, or the directory is closed; the old content is
   *     then still there
   */
  public synchronized void write(String name, String content) throws StateException {
    if (closed) {
      throw new StateException(
          "Cannot write %s: the state directory %s was closed.".formatted(name, path));
    }
    if (lockFile == null) {
      throw StateException.notNow(
          "Cannot write %s yet: the server that is being taken over has the state directory %s; try"
                  .formatted(name, path)
              + " again in a few seconds.");
    }
    file(name).write(content);
  }

  /** Lets the next server in. The lock file stays. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      if (lockFile != null) {
        release(path, lockFile);
      }
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }

  Path pathOf(String name) {
    return file(name).path();
  }

  private WholeFile file(String name) {
    if (!NAME.matcher(name).matches() || name.equals(LOCK)) {
      throw new IllegalArgumentException("\"" + name + "\" is no name for a state file.");
    }
    return new WholeFile(path.resolve(name));
  }

  private static void release(Path path, @Nullable FileChannel lockFile) {
    try {
      if (lockFile != null) {
        lockFile.close();
      }
    } catch (IOException e) {
      // Nothing was written through it, and the descriptor is gone all the same.
    } finally {
      HELD.remove(path);
    }
  }

  private static StateException inUse(Path path) {
    return new StateException(
        "Another server uses the state directory %s: stop it, or name another with --state_dir."
            .formatted(path));
  }

  private static StateException refused(Path path, IOException cause) {
    return StateException.refused(
        "use the state directory",
        path,
        "make it writable for this user, or name another with --state_dir",
        cause);
  }
}
