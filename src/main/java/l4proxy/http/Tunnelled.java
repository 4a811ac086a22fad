package l4proxy.http;

import java.io.IOException;
import java.time.Duration;
import l4proxy.net.Connection;
import l4proxy.net.Relay;
import l4proxy.net.Watch;

/**
 * What a user does through CONNECT: two connections joined, ends of stream passed on alone. Half
 * closed and silent for too long, both are broken; the watch sees to it.
 */
final class Tunnelled implements Watch.Watched {
  /** How long half of a connection may be silent after the other half has ended. */
  static final Duration SILENCE = Duration.ofSeconds(60);

  private final Connection user;
  private final Connection host;
  private final Duration silence;
  private volatile boolean halfClosed;
  private volatile long active = System.nanoTime();

  Tunnelled(Connection user, Connection host, Duration silence) {
    this.user = user;
    this.host = host;
    this.silence = silence;
  }

  /** Carries bytes until both directions have ended; the caller closes both connections. */
  void run() throws InterruptedException {
    try {
      user.in().deadline(Duration.ZERO);
      Relay.run(
          Thread.currentThread().getName() + " up",
          () -> pass(user, host),
          () -> pass(host, user),
          this::abort);
    } catch (IOException broken) {
      abort();
    }
  }

  private void pass(Connection from, Connection to) throws IOException {
    Relay.copy(from.in(), to.out()::write, n -> active = System.nanoTime());
    to.shutdownOutput();
    active = System.nanoTime();
    halfClosed = true;
  }

  private void abort() {
    user.abort();
    host.abort();
  }

  @Override
  public void tick() {
    if (halfClosed && System.nanoTime() - active > silence.toNanos()) {
      abort();
    }
  }
}
