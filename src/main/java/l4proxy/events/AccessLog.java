package l4proxy.events;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The access log: a line of JSON for each user whose connection is over.
 *
 * <p>Lines are written by a platform thread of its own, {@code access log}. Whoever has something
 * for it never waits: what does not fit the queue, because the disk is slow or full, is lost,
 * counted, and warned of once a second at most. {@link #close()} writes what is left, for 2 s at
 * most, and closes the file.
 */
public final class AccessLog implements Events, AutoCloseable {
  /** How many lines wait at most. */
  static final int QUEUE = 8192;

  private static final int BATCH = 512;
  private static final Duration LAST_WRITES = Duration.ofSeconds(2);
  private static final long QUIET_NANOS = Duration.ofSeconds(1).toNanos();

  /** Stands behind the last line. */
  private static final String LAST = "";

  private final LogFile file;
  private final Counters counters;
  private final Events events;
  private final BlockingQueue<String> queue = new ArrayBlockingQueue<>(QUEUE);
  private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());
  private final Thread writer;

  /**
   * Writes from now on.
   *
   * @param file where to; closed together with this
   * @param counters told of each line that is lost
   * @param events warned of it
   */
  public AccessLog(LogFile file, Counters counters, Events events) {
    this.file = file;
    this.counters = counters;
    this.events = events;
    this.writer = Thread.ofPlatform().daemon().name("access log").start(this::run);
  }

  @Override
  public void happened(Event event) {
    if (event instanceof Event.UserEnded over && !queue.offer(line(over))) {
      lost(1, "more users come and go than it is written for");
    }
  }

  /** One line, without its end. */
  static String line(Event.UserEnded over) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MILLIS);
    JsonObject line = new JsonObject();
    line.addProperty("time", now.toString());
    line.addProperty("service", over.by().service());
    line.addProperty("client", over.by().name());
    line.addProperty("userAddr", over.address());
    line.addProperty("member", over.by().member());
    line.addProperty("bytesIn", over.bytesIn());
    line.addProperty("bytesOut", over.bytesOut());
    line.addProperty("millis", over.time().toMillis());
    line.addProperty("dialMillis", over.dial().map(Duration::toMillis).orElse(-1L));
    line.addProperty("retries", over.retries());
    line.addProperty("endedBy", over.endedBy().toString());
    return line.toString();
  }

  private void run() {
    List<String> batch = new ArrayList<>();
    try (file) {
      while (!batch.contains(LAST)) {
        batch.clear();
        batch.add(queue.take());
        queue.drainTo(batch, BATCH - 1);
        write(batch.stream().filter(line -> !line.isEmpty()).toList());
      }
    } catch (IOException e) {
      lost(0, String.valueOf(e.getMessage()));
    } catch (InterruptedException late) {
      lost(queue.size(), "it was closed before all was written");
    }
  }

  private void write(List<String> lines) {
    if (lines.isEmpty()) {
      return;
    }
    String text = String.join("\n", lines) + "\n";
    try {
      file.write(text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      lost(lines.size(), String.valueOf(e.getMessage()));
    }
  }

  private void lost(int lines, String reason) {
    counters.lost(lines);
    long now = System.nanoTime();
    long quiet = quietUntil.get();
    if (now - quiet >= 0 && quietUntil.compareAndSet(quiet, now + QUIET_NANOS)) {
      events.happened(
          new Event.Warned(
              "the access log "
                  + file
                  + " loses lines, "
                  + counters.linesLost()
                  + " so far: "
                  + reason
                  + "; look at its disk"));
    }
  }

  @Override
  public void close() {
    long deadline = System.nanoTime() + LAST_WRITES.toNanos();
    try {
      if (queue.offer(LAST, LAST_WRITES.toNanos(), TimeUnit.NANOSECONDS)) {
        writer.join(Duration.ofNanos(Math.max(deadline - System.nanoTime(), 0)));
      }
      writer.interrupt(); // which closes the file it is stuck in
      writer.join(LAST_WRITES);
    } catch (InterruptedException e) {
      writer.interrupt();
      Thread.currentThread().interrupt();
    }
  }
}
