package l4proxy.wire;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the receiving thread of a tunnel, or the watch, has to say: it goes out on a thread of its
 * own, since a reader that waits for a full pipe, on both ends, is a deadlock. A tunnel on which it
 * cannot be said is broken.
 */
final class LateFrames {
  /** Sends a frame, and may wait for that. */
  @FunctionalInterface
  interface Sending {
    void run() throws IOException;
  }

  private final Tunnel tunnel;
  private final AtomicInteger pings = new AtomicInteger();
  private final AtomicInteger pongs = new AtomicInteger();

  LateFrames(Tunnel tunnel) {
    this.tunnel = tunnel;
  }

  void send(String what, Sending sending) {
    Thread.ofVirtual()
        .name("tunnel " + what)
        .start(() -> {
          boolean sent = false;
          try {
            sending.run();
            sent = true;
          } catch (IOException broken) {
            // as after anything else that went wrong
          } finally {
            if (!sent) {
              tunnel.abort();
            }
          }
        });
  }

  /**
   * PING or PONG: one thread for each, and one frame more for all that are owed while it writes.
   */
  void sign(FrameType type) {
    AtomicInteger owed = type == FrameType.PING ? pings : pongs;
    if (owed.getAndIncrement() > 0) {
      return;
    }
    boolean started = false;
    try {
      send(
          type.name(),
          () -> {
            int answered;
            do {
              answered = owed.get();
              tunnel.send(type);
            } while (!owed.compareAndSet(answered, 0));
          });
      started = true;
    } finally {
      if (!started) {
        owed.set(0); // no memory for a thread: who asks again may have more luck
      }
    }
  }
}
