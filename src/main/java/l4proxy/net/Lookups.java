package l4proxy.net;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks names up by the system's resolver, each name on a platform thread of its own, which all
 * wait for who ask for it meanwhile: a look-up blocks the thread below it, has no time limit but
 * the resolver's, and must not hold up everybody's relays. Any thread.
 */
public final class Lookups implements Resolver {
  private static final Duration TIME = Duration.ofSeconds(5);

  /** Names looked up at a time. */
  private static final int AT_ONCE = 64;

  private static final String FULL = "too many names are being looked up";

  private final Resolver system;
  private final ThreadFactory threads;
  private final Map<String, FutureTask<List<InetAddress>>> underWay = new ConcurrentHashMap<>();

  /** With nothing under way. */
  public Lookups() {
    this(host -> List.of(InetAddress.getAllByName(host)));
  }

  /** The same, with something else that waits for names. */
  Lookups(Resolver system) {
    this(system, Thread.ofPlatform().daemon().name("look-up").factory());
  }

  /** The same, with threads from elsewhere. */
  Lookups(Resolver system, ThreadFactory threads) {
    this.system = system;
    this.threads = threads;
  }

  @Override
  public List<InetAddress> resolve(String host) throws IOException {
    return resolve(host, TIME);
  }

  /**
   * Looks a host up; may be called by several threads at once.
   *
   * @param host a name or an address
   * @param time how long at most
   * @return its addresses, at least one
   * @throws UnknownHostException when there is none
   * @throws SocketTimeoutException when none came in time
   * @throws IOException when too many other names are being looked up, or there is no thread for it
   */
  List<InetAddress> resolve(String host, Duration time) throws IOException {
    if (host.isEmpty() || host.contains(":") || HostPort.IPV4.matcher(host).matches()) {
      return List.of(InetAddress.getAllByName(host)); // no name, so nobody is asked
    }
    try {
      return lookUp(host).get(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownHostException none) {
        throw none;
      }
      throw new UnknownHostException(host);
    } catch (CancellationException e) { // who asked first at the same moment got no thread for it
      throw new IOException(FULL, e);
    } catch (TimeoutException e) {
      throw new SocketTimeoutException("the look-up of " + host + " took too long");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while " + host + " was looked up");
    }
  }

  private FutureTask<List<InetAddress>> lookUp(String host) throws IOException {
    FutureTask<List<InetAddress>> mine = new FutureTask<>(() -> system.resolve(host));
    FutureTask<List<InetAddress>> before = underWay.putIfAbsent(host, mine);
    if (before != null) {
      return before;
    }
    boolean started = false;
    try {
      if (underWay.size() > AT_ONCE) {
        throw new IOException(FULL);
      }
      start(host, mine);
      started = true;
      return mine;
    } catch (OutOfMemoryError e) {
      throw new IOException("there is no thread to look " + host + " up", e);
    } finally {
      if (!started) {
        underWay.remove(host, mine);
        mine.cancel(false);
      }
    }
  }

  private void start(String host, FutureTask<List<InetAddress>> lookUp) {
    Thread thread =
        threads.newThread(() -> {
          lookUp.run();
          underWay.remove(host, lookUp);
        });
    thread.setName("look-up " + host);
    thread.start();
  }
}
