package l4proxy.net;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What goes out on a socket; remembers whether that broke, because the kernel says so only once.
 *
 * <p>When a connection is reset, the first system call on it fails, and a read after a write that
 * failed so finds the end of the stream, as if the other side had ended it. So the reading thread
 * asks {@link #broken()} before it believes in an end.
 */
final class SocketOutput extends OutputStream {
  /**
   * How long a write under way may take to find out; one that takes longer waits for a reader, on a
   * connection that stands.
   */
  private static final Duration FINDS_OUT = Duration.ofSeconds(1);

  private final OutputStream out;

  /** Counts beginnings and ends of writes: odd while one is under way. */
  private final AtomicInteger changes = new AtomicInteger();

  private volatile boolean broken;
  private volatile @Nullable Thread asking;

  SocketOutput(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    boolean written = false;
    changes.incrementAndGet();
    try {
      out.write(source, offset, length);
      written = true;
    } finally {
      broken |= !written;
      changes.incrementAndGet();
      LockSupport.unpark(asking);
    }
  }

  /** Whether a write has failed; called by the reading thread, waits for one under way. */
  boolean broken() {
    int now = changes.get();
    if (now % 2 != 0) {
      asking = Thread.currentThread();
      long end = System.nanoTime() + FINDS_OUT.toNanos();
      long left = FINDS_OUT.toNanos();
      while (changes.get() == now && left > 0 && !Thread.currentThread().isInterrupted()) {
        LockSupport.parkNanos(this, left);
        left = end - System.nanoTime();
      }
      asking = null;
    }
    return broken;
  }
}
