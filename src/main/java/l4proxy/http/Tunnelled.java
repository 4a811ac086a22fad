package l4proxy.http;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** The same while a write waits: a slow side makes the kernel hold it for minutes. */
  private static final int HELD_UP = 10;

  private final AtomicInteger writing = new AtomicInteger();
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
    Relay.copy(from.in(), (buffer, at, length) -> write(to, buffer, at, length), n -> {});
    to.shutdownOutput();
    active = System.nanoTime();
    halfClosed = true;
  }

  private void write(Connection to, byte[] buffer, int at, int length) throws IOException {
    writing.incrementAndGet();
    to.out().write(buffer, at, length); // when that fails, all is over
    active = System.nanoTime();
    writing.decrementAndGet();
  }

  private void abort() {
    user.abort();
    host.abort();
  }

  @Override
  public void tick() {
    long bound = (writing.get() > 0 ? HELD_UP : 1) * silence.toNanos();
    if (halfClosed && System.nanoTime() - active > bound) {
      abort();
    }
  }
}
