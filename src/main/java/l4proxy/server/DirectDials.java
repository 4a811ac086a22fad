package l4proxy.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import l4proxy.net.Sockets;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether backends answer at their clients' own addresses, by connecting there for 5 s at
 * most.
 *
 * <p>So that nobody makes a port scanner of the server, what is dialled is always the address that
 * a client's control connection comes from; only the port is the client's word. (The ports that a
 * key may have are the server's, and say nothing here.) For one key and address the same port is
 * tried once in 30 s, whoever asks and however often, and {@value #PER_ADDRESS} different ones at
 * most; what is beyond that counts as silent. Safe from any thread; {@link #close()} returns when
 * all threads of {@link #start} are gone.
 */
final class DirectDials implements AutoCloseable {
  private static final Duration DIAL = Duration.ofSeconds(5);
  private static final int AT_ONCE = 128;
  private static final int PER_ADDRESS = 100;
  private static final int MOST = 10_000;

  private record Target(String key, InetSocketAddress address) {
    boolean sameHost(Target other) {
      return key.equals(other.key) && address.getAddress().equals(other.address.getAddress());
    }
  }

  /**
   * What came of a dial.
   *
   * @param answered whether somebody accepted the connection
   * @param left how long that counts
   */
  record Outcome(boolean answered, Duration left) {}

  /** One dial, on a thread of its own; whoever asks waits for it. */
  private final class Dial implements Runnable {
    private final InetSocketAddress address;
    private final CompletableFuture<Boolean> answered = new CompletableFuture<>();
    private volatile long at;

    Dial(InetSocketAddress address) {
      this.address = address;
    }

    @Override
    public void run() {
      boolean is = false;
      try {
        places.acquire();
        try {
          is = answers(address);
        } finally {
          places.release();
        }
      } catch (InterruptedException closing) {
        Thread.currentThread().interrupt();
      } finally {
        at = System.nanoTime();
        answered.complete(is);
      }
    }

    boolean old() {
      return answered.isDone() && System.nanoTime() - at >= every.toNanos();
    }

    Outcome outcome() throws InterruptedException {
      try {
        boolean is = answered.get();
        return new Outcome(is, every.minusNanos(System.nanoTime() - at));
      } catch (ExecutionException never) {
        throw new IllegalStateException(never);
      }
    }
  }

  private final Duration every;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Target, Dial> dials = new HashMap<>();
  private final Semaphore places = new Semaphore(AT_ONCE, true);
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("direct ", 1).factory());

  /**
   * Dials nobody yet.
   *
   * @param every how long an outcome counts
   */
  DirectDials(Duration every) {
    this.every = every;
  }

  /** Runs a dial, or what waits for one, on a thread of its own; it may be cancelled. */
  Future<?> start(Runnable task) {
    try {
      return threads.submit(task);
    } catch (RejectedExecutionException closing) {
      return CompletableFuture.completedFuture(null); // nobody waits for an outcome any more
    }
  }

  /** Whether somebody answers there, by a dial made now or not long ago. */
  Outcome ask(String key, InetSocketAddress address) throws InterruptedException {
    Dial dial = dial(new Target(key, address));
    return dial == null ? new Outcome(false, every) : dial.outcome();
  }

  private @Nullable Dial dial(Target target) {
    lock.lock();
    try {
      dials.values().removeIf(Dial::old);
      if (!dials.containsKey(target)
          && (dials.size() >= MOST
              || dials.keySet().stream().filter(target::sameHost).count() >= PER_ADDRESS)) {
        return null;
      }
      Dial dial = dials.get(target);
      if (dial == null) {
        dial = new Dial(target.address());
        start(dial);
        dials.put(target, dial);
      }
      return dial;
    } finally {
      lock.unlock();
    }
  }

  private static boolean answers(InetSocketAddress address) throws InterruptedException {
    try (Socket socket = Sockets.connect(address, DIAL)) {
      // On one machine a socket that dials a free port may come to be connected to itself.
      return !address.equals(socket.getLocalSocketAddress());
    } catch (IOException silent) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedException();
      }
      return false;
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    threads.close();
  }
}
