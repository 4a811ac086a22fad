package l4proxy.auth;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps threads and processes apart while one of them changes a file: a lock on another file beside
 * it. Whoever locks it closes it, in the same thread, and holds it only for a moment.
 */
final class FileMutex implements AutoCloseable {
  /**
   * Held around every lock on a file: the operating system's lock is the process's, so it does not
   * keep two threads apart, and Java refuses the second thread instead of letting it wait.
   */
  private static final ReentrantLock IN_PROCESS = new ReentrantLock();

  private final FileChannel lockFile;

  private FileMutex(FileChannel lockFile) {
    this.lockFile = lockFile;
  }

  /** Waits until nobody else has it. */
  static FileMutex lock(Path path) throws IOException {
    IN_PROCESS.lock();
    boolean locked = false;
    try {
      FileChannel lockFile = PrivateFiles.openLockFile(path);
      try {
        lockFile.lock();
        locked = true;
        return new FileMutex(lockFile);
      } finally {
        if (!locked) {
          lockFile.close();
        }
      }
    } finally {
      if (!locked) {
        IN_PROCESS.unlock();
      }
    }
  }

  @Override
  public void close() throws IOException {
    try {
      lockFile.close(); // which gives the lock up
    } finally {
      IN_PROCESS.unlock();
    }
  }
}
