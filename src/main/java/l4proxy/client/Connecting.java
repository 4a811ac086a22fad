package l4proxy.client;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import l4proxy.events.Event;
import l4proxy.net.Backoff;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a client connected: one control connection after another, with pauses that grow while the
 * server cannot be reached. One thread runs it; any may ask for the session.
 */
final class Connecting {
  /** A server that is taken over sooner than this after the client came has to wait for it. */
  private static final Duration MEETING = Duration.ofSeconds(1);

  /** So long memory may take to be there again. */
  private static final long MEMORY_MILLIS = 1_000;

  private final ProxyClient client;
  private final CountDownLatch stopped;
  private final Backoff backoff = new Backoff(new SecureRandom());
  private volatile @Nullable ServerSession session;
  private String lastReason = "";

  /**
   * Not connected yet.
   *
   * @param stopped counted down when nothing is to go on
   */
  Connecting(ProxyClient client, CountDownLatch stopped) {
    this.client = client;
    this.stopped = stopped;
  }

  /** The control connection there is now, if there is one. */
  @Nullable ServerSession session() {
    return session;
  }

  /**
   * Keeps connected until the client leaves.
   *
   * @throws RefusedException when the server, never connected to before, says no for good
   */
  void run() throws RefusedException, InterruptedException {
    while (!leaving()) {
      try {
        attempt();
      } catch (OutOfMemoryError e) { // even to say something may take more than is there
        stopped.await(MEMORY_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }

  private boolean leaving() {
    return client.draining() || stopped.getCount() == 0;
  }

  /** Connects, serves until the control connection is lost, and pauses. */
  private void attempt() throws RefusedException, InterruptedException {
    long began = System.nanoTime();
    try {
      connect();
      if (System.nanoTime() - began > MEETING.toNanos()) {
        return; // at once: the server is taken over
      }
    } catch (IOException e) {
      lost(String.valueOf(e.getMessage()));
    } catch (OutOfMemoryError e) {
      lost("too little memory");
    } catch (RefusedException e) {
      if (!client.wasConnected()) {
        throw e;
      }
      lost(String.valueOf(e.getMessage()));
    }
    if (!client.draining()) {
      Duration pause = backoff.next(Duration.ofNanos(System.nanoTime() - began));
      stopped.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void connect() throws IOException, RefusedException {
    ServerSession now =
        ServerSession.connect(client, client.trust().key(), client.config().server().host());
    boolean takenOver = false;
    try {
      session = now;
      client.happened(new Event.ServerConnected(client.dialer().toString()));
      client.trust().onAccepted().accept(client.dialer().pin().orElseThrow());
      backoff.reset();
      lastReason = "";
      if (leaving()) {
        return;
      }
      client.begin(); // connected already, so that users need not wait for that, too
      now.run();
      client.before().keep(now);
      takenOver = true;
    } finally {
      session = null;
      if (!takenOver) {
        now.close();
      }
    }
    client.note("another process takes the server over: connecting to that one");
  }

  private void lost(String reason) {
    if (!leaving() && !reason.equals(lastReason)) {
      client.happened(new Event.ServerLost(client.dialer().toString(), reason));
      lastReason = reason;
    }
  }
}
