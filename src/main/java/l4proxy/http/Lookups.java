package l4proxy.http;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks names up by the system's resolver, each on a platform thread of its own: a look-up blocks
 * the thread below it, and names of a user's choice must not hold up everybody's relays. A thread
 * whose answer nobody waits for any more ends with the resolver's own time limit.
 */
public final class Lookups implements Resolver {
  private static final Duration TIME = Duration.ofSeconds(5);
  private static final int AT_ONCE = 64;

  private final Semaphore places = new Semaphore(AT_ONCE);

  /** With nothing under way. */
  public Lookups() {}

  @Override
  public List<InetAddress> resolve(String host) throws IOException {
    if (!places.tryAcquire()) {
      throw new IOException("too many names are being looked up");
    }
    FutureTask<InetAddress[]> task = new FutureTask<>(() -> lookUp(host));
    boolean started = false;
    try {
      Thread.ofPlatform().daemon().name("look-up " + host).start(task);
      started = true;
    } finally {
      if (!started) {
        places.release();
      }
    }
    try {
      return List.of(task.get(TIME.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException e) {
      throw new UnknownHostException(host);
    } catch (TimeoutException e) {
      throw new SocketTimeoutException("no answer for " + host);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the proxy is being closed");
    }
  }

  private InetAddress[] lookUp(String host) throws UnknownHostException {
    try {
      return InetAddress.getAllByName(host);
    } finally {
      places.release();
    }
  }
}
