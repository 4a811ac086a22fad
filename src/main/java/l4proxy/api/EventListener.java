package l4proxy.api;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import l4proxy.auth.Key;
import org.jspecify.annotations.Nullable;

/**
 * One who listens to events: at most {@value #QUEUE} wait for it, one more and it is let go.
 *
 * <p>The thread of its request runs {@link #write}; any other may tell it something, or end it.
 */
final class EventListener implements Reply.Stream {
  static final int QUEUE = 256;

  /** After so long without an event a comment is sent; the second one finds out who is gone. */
  private static final Duration SILENCE = Duration.ofSeconds(4);

  private static final String COMMENT = ":\n\n";

  private final Key key;
  private final BooleanSupplier good;
  private final Consumer<EventListener> onClose;
  private final BlockingQueue<String> queue = new ArrayBlockingQueue<>(QUEUE);
  private @Nullable Thread writer;
  private boolean over;

  /**
   * It listens once {@link #write} is called.
   *
   * @param good whether it still may; asked before anything is said
   */
  EventListener(Key key, BooleanSupplier good, Consumer<EventListener> onClose) {
    this.key = key;
    this.good = good;
    this.onClose = onClose;
  }

  /** Whose it is. */
  Key key() {
    return key;
  }

  /** Something happened. */
  void hears(String event) {
    if (!queue.offer(event)) {
      end();
    }
  }

  /** Lets it go, even if it is stuck. */
  synchronized void end() {
    over = true;
    if (writer != null) {
      writer.interrupt();
    }
  }

  private synchronized boolean begin() {
    writer = Thread.currentThread();
    return !over;
  }

  @Override
  public void write(OutputStream out) throws IOException, InterruptedException {
    if (!begin()) {
      return;
    }
    String next = COMMENT;
    while (good.getAsBoolean()) {
      out.write(next.getBytes(StandardCharsets.UTF_8));
      out.flush();
      String event = queue.poll(SILENCE.toMillis(), TimeUnit.MILLISECONDS);
      next = event == null ? COMMENT : event;
    }
  }

  @Override
  public void close() {
    onClose.accept(this);
  }
}
