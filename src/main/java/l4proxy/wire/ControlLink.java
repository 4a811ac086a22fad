package l4proxy.wire;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import l4proxy.net.Connection;
import l4proxy.net.Relay;
import l4proxy.net.Watch;
import org.jspecify.annotations.Nullable;

/**
 * A control connection once it stands: messages both ways, a heartbeat every 5 s, dead after 15 s
 * of silence.
 *
 * <p>One thread reads. {@link #send} never waits: a thread of the link's own writes, {@code control
 * writer}, and a link that is not written to for 5 s or owes more than {@value #OWED} messages is
 * broken. {@link #close()} comes from any thread.
 */
public final class ControlLink implements Watch.Watched, AutoCloseable {
  private static final int OWED = 10_000;

  /** So many answers belong to the beginning of a link. */
  private static final int BEGINNING = 3;

  /** How often a heartbeat goes out, what silence is death, and how long one write may take. */
  record Times(Duration beat, Duration dead, Duration writing) {
    static final Times STANDARD =
        new Times(Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(5));
  }

  private final Connection connection;
  private final Watch watch;
  private final Times times;
  private final BlockingQueue<Message> owed = new LinkedBlockingQueue<>(OWED);
  private final Thread writer;
  private volatile long writingSince;
  private volatile long lastRead = System.nanoTime();
  private volatile long roundTrip = -1;

  /** Answers so far, as far as they are of the beginning; the reader's alone. */
  private int answers;

  /**
   * Takes over a connection whose first messages have been exchanged, and starts the heartbeat.
   *
   * @param name for the thread
   * @param connection closed with the link
   * @param watch keeps the time limits
   */
  public ControlLink(String name, Connection connection, Watch watch) {
    this(name, connection, watch, Times.STANDARD);
  }

  ControlLink(String name, Connection connection, Watch watch, Times times) {
    this.connection = connection;
    this.watch = watch;
    this.times = times;
    this.writer = Thread.ofVirtual().name(name + " writer").start(this::write);
    watch.add(this);
  }

  private void write() {
    try {
      while (true) {
        Message next = owed.poll(times.beat().toMillis(), TimeUnit.MILLISECONDS);
        writingSince = System.nanoTime() | 1;
        Messages.write(connection.out(), next == null ? beat() : next);
        writingSince = 0;
      }
    } catch (IOException e) {
      connection.abort();
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private static Message beat() {
    return new Message.Heartbeat(System.nanoTime());
  }

  @Override
  public void tick() {
    long since = writingSince;
    if (since != 0 && System.nanoTime() - since > times.writing().toNanos()) {
      connection.abort();
    }
  }

  /**
   * Hands a message over to be written.
   *
   * @param message what to say
   */
  public void send(Message message) {
    if (!owed.offer(message)) {
      connection.abort();
    }
  }

  /** Asks the other side for a sign of life, out of turn. */
  public void ask() {
    send(beat());
  }

  /**
   * When the other side was last heard of.
   *
   * @return a reading of {@link System#nanoTime()}
   */
  public long lastRead() {
    return lastRead;
  }

  /**
   * How long the last heartbeat took to be answered; the very first is asked too early to count.
   *
   * @return nanoseconds, -1 before there is such an answer
   */
  public long roundTripNanos() {
    return roundTrip;
  }

  /**
   * Waits for the next message that means something here; heartbeats are dealt with.
   *
   * @return the message
   * @throws IOException when the link is dead, broken or closed
   */
  public Message read() throws IOException {
    while (true) {
      connection.in().deadline(times.dead());
      @Nullable Message message = Messages.read(connection.in());
      lastRead = System.nanoTime();
      Relay.share(1);
      switch (message) {
        case null -> {}
        case Message.Heartbeat beat -> send(new Message.HeartbeatAnswer(beat.nanos()));
        case Message.HeartbeatAnswer answer -> answered(Math.max(0, lastRead - answer.nanos()));
        default -> {
          return message;
        }
      }
    }
  }

  /**
   * While the other side begins it answers late, and that says nothing of the way there: the first
   * answer does not count, and of the next ones the best. Each is asked for at once.
   */
  private void answered(long nanos) {
    if (answers >= BEGINNING) {
      roundTrip = nanos;
      return;
    }
    if (answers > 0) {
      roundTrip = roundTrip < 0 ? nanos : Math.min(roundTrip, nanos);
    }
    answers++;
    if (answers < BEGINNING) {
      ask();
    }
  }

  @Override
  public void close() {
    watch.remove(this);
    writer.interrupt();
    connection.close();
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
