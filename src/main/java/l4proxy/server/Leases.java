package l4proxy.server;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import l4proxy.auth.StateDirectory;
import l4proxy.auth.StateException;
import l4proxy.events.Event;
import l4proxy.events.Events;
import org.jspecify.annotations.Nullable;

/**
 * The memory of public ports: which instance had which, kept in the state file {@value #FILE}.
 *
 * <p>A change is written, whole, by a thread of this class's own soon after it was made, several at
 * once when they come close together, or faster than they can be written; {@link #close()} writes
 * what is left. At most {@value #MOST} are kept, which the file has room for however long they are:
 * of the key with most those used longest ago are forgotten first. Safe from any thread.
 */
final class Leases implements AutoCloseable {
  static final String FILE = "leases.json";
  private static final int MOST = 10_000;
  private static final int MOST_OF_KEY = 1_000;
  private static final Duration AGAIN = Duration.ofSeconds(30);

  /**
   * After each write as many times as long as it took: where many come and go at once, the disk and
   * the processors are for others.
   */
  private static final int REST = 4;

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private record Id(String key, String instance) {}

  private record Content(@Nullable List<Lease> leases) {}

  private final StateDirectory state;
  private final Events events;
  private final Duration again;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition written = lock.newCondition();
  private final Map<Id, Lease> all = new LinkedHashMap<>(16, 0.75f, true);
  private final Thread writer;
  private boolean dirty;
  private boolean owed;
  private boolean closed;
  private boolean waiting;
  private boolean writing;
  private long restedAt = System.nanoTime();
  private long owedAt;

  private Leases(
      StateDirectory state, Events events, List<Lease> before, boolean waiting, Duration again) {
    this.state = state;
    this.events = events;
    this.waiting = waiting;
    this.again = again;
    before.forEach(each -> all.put(new Id(each.key(), each.instance()), each));
    this.writer = Thread.ofVirtual().name("leases writer").start(this::run);
  }

  /** Reads the state file; a corrupt one is an error, never replaced. */
  static Leases open(StateDirectory state, Events events) throws StateException {
    return open(state, events, AGAIN);
  }

  /**
   * The same.
   *
   * @param again how long after a failure to write it is tried again
   */
  static Leases open(StateDirectory state, Events events, Duration again) throws StateException {
    Optional<String> text = state.read(FILE);
    if (text.isEmpty()) {
      return new Leases(state, events, List.of(), false, again);
    }
    try {
      Content content = GSON.fromJson(text.get(), Content.class);
      if (content == null || content.leases() == null || content.leases().contains(null)) {
        throw new IllegalArgumentException("no list of leases");
      }
      return new Leases(state, events, content.leases(), false, again);
    } catch (RuntimeException e) { // gson's own, and what the record's checks throw through it
      throw StateException.corrupt(state.path().resolve(FILE), "no list of leases");
    }
  }

  /** Those of a server that is taken over; nothing is written before {@link #begin}. */
  static Leases of(StateDirectory state, Events events, List<Lease> before) {
    return new Leases(state, events, before, true, AGAIN);
  }

  /** Writes them from now on. */
  void begin() {
    lock.lock();
    try {
      waiting = false;
      dirty = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Writes what there is, and nothing more before {@link #begin}: another process is to. */
  void pause() {
    lock.lock();
    try {
      waiting = true;
      while (writing) {
        written.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    write();
  }

  /** What a client had before. */
  Optional<Lease> of(String key, String instance) {
    lock.lock();
    try {
      return Optional.ofNullable(all.get(new Id(key, instance)));
    } finally {
      lock.unlock();
    }
  }

  /** All there are, those used longest ago first. */
  List<Lease> all() {
    lock.lock();
    try {
      return List.copyOf(all.values());
    } finally {
      lock.unlock();
    }
  }

  /** Keeps a lease, instead of an older one of the same client. */
  void keep(Lease lease) {
    lock.lock();
    try {
      if (all.put(new Id(lease.key(), lease.instance()), lease) == null) {
        forgetOldest(lease.key());
      }
      dirty = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Keeps the number within its bounds: no key can push out what others have. */
  private void forgetOldest(String key) {
    long same = all.keySet().stream().filter(id -> id.key().equals(key)).count();
    all.values().stream()
        .filter(lease -> lease.key().equals(key) && !lease.held())
        .limit(Math.max(0, same - MOST_OF_KEY))
        .toList()
        .forEach(this::forget);
    while (all.size() > MOST) {
      forgetOneOf(keyWithMost());
    }
  }

  private String keyWithMost() {
    Map<String, Long> counts =
        all.keySet().stream().collect(Collectors.groupingBy(Id::key, Collectors.counting()));
    return Collections.max(counts.entrySet(), Map.Entry.comparingByValue()).getKey();
  }

  /** One that is held only where all are: its client gets it again by asking first. */
  private void forgetOneOf(String key) {
    all.values().stream()
        .filter(lease -> lease.key().equals(key))
        .min(Comparator.comparing(Lease::held))
        .ifPresent(this::forget);
  }

  private void forget(Lease lease) {
    all.remove(new Id(lease.key(), lease.instance()));
  }

  private void run() {
    try {
      while (true) {
        boolean last;
        lock.lock();
        try {
          awaitChange();
          if (!dirty) {
            return;
          }
          dirty = false;
          writing = true;
          last = closed;
        } finally {
          lock.unlock();
        }
        long began = System.nanoTime();
        boolean done = false;
        try {
          done = write();
        } finally {
          wrote(done || last, began);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Whoever waits for the end of a write goes on, also when it failed. */
  private void wrote(boolean settled, long began) {
    lock.lock();
    try {
      long now = System.nanoTime();
      restedAt = now + REST * (now - began);
      owedAt = now + again.toNanos();
      owed = !settled;
      writing = false;
      written.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for something to write; what could not be written is tried again, at the end too. There
   * is nothing only when this is closed.
   */
  private void awaitChange() throws InterruptedException {
    for (long left = left(); !closed && left > 0; left = left()) {
      changed.awaitNanos(left);
    }
    dirty = !waiting && (dirty || owed);
  }

  /** Nanoseconds until something may be written. */
  private long left() {
    if (waiting || !dirty && !owed) {
      return Long.MAX_VALUE;
    }
    return (dirty ? restedAt : owedAt) - System.nanoTime();
  }

  private boolean write() {
    try {
      state.write(FILE, GSON.toJson(new Content(all())));
      return true;
    } catch (IOException | OutOfMemoryError e) {
      warn(e);
      return false;
    }
  }

  /** Says why, if there is memory to say it. */
  private void warn(Throwable cause) {
    try {
      events.happened(
          new Event.Warned(
              "public ports are not remembered over a restart for now: " + cause.getMessage()));
    } catch (OutOfMemoryError full) {
      // it is tried again all the same
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signal();
    } finally {
      lock.unlock();
    }
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
