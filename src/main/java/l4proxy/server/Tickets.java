package l4proxy.server;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one-time tickets that tunnels arrive with: 128 random bits, good for ten seconds, for one
 * session and one kind of tunnel. Safe from any thread.
 */
final class Tickets {
  private static final long LIFE = Duration.ofSeconds(10).toNanos();
  private static final int BYTES = 16;

  /** So often old ones are looked for, however many sessions want it. */
  private static final long SWEEP = Duration.ofMillis(900).toNanos();

  /**
   * Who asked for the tunnel.
   *
   * @param session whose tunnel it will be
   * @param kind how it must come, and where
   * @param pool where it is waited for
   * @param issued when, in nanoseconds of the clock
   */
  record Ticket(ClientSession session, TunnelKind kind, TunnelPool pool, long issued) {
    boolean old(long now) {
      return now - issued > LIFE;
    }
  }

  private final LongSupplier clock;
  private final AtomicLong swept;
  private final SecureRandom random = new SecureRandom();
  private final ConcurrentMap<String, Ticket> open = new ConcurrentHashMap<>();

  /** None yet. */
  Tickets() {
    this(System::nanoTime);
  }

  /**
   * The same.
   *
   * @param clock nanoseconds that only go forward
   */
  Tickets(LongSupplier clock) {
    this.clock = clock;
    this.swept = new AtomicLong(clock.getAsLong());
  }

  /** 128 random bits as text. */
  String draw() {
    byte[] bits = new byte[BYTES];
    random.nextBytes(bits);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
  }

  /** Makes a ticket. */
  String issue(ClientSession session, TunnelKind kind, TunnelPool pool) {
    String text = draw();
    open.put(text, new Ticket(session, kind, pool, clock.getAsLong()));
    return text;
  }

  /** Takes a ticket in, for good; null when it is unknown, used, or too old. */
  @Nullable Ticket redeem(String text) {
    Ticket ticket = open.remove(text);
    if (ticket != null && ticket.old(clock.getAsLong())) {
      ticket.pool().expired(1);
      return null;
    }
    return ticket;
  }

  /** Forgets old tickets, so that tunnels are asked for again; whoever comes too soon does not. */
  void sweep() {
    long now = clock.getAsLong();
    long last = swept.get();
    if (now - last < SWEEP || !swept.compareAndSet(last, now)) {
      return;
    }
    open.forEach((text, ticket) -> {
      if (ticket.old(now) && open.remove(text, ticket)) {
        ticket.pool().expired(1);
      }
    });
  }
}
