package l4proxy.server;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * The one-time tickets that tunnels arrive with: 128 random bits, good for ten seconds, for one
 * session and one kind of tunnel. Safe from any thread.
 */
final class Tickets {
  private static final long LIFE = Duration.ofSeconds(10).toNanos();
  private static final int BYTES = 16;

  /**
   * Who asked for the tunnel.
   *
   * @param session whose tunnel it will be
   * @param kind how it must come, and where
   * @param pool where it is waited for
   * @param issued when, by {@link System#nanoTime()}
   */
  record Ticket(ClientSession session, TunnelKind kind, TunnelPool pool, long issued) {
    boolean old() {
      return System.nanoTime() - issued > LIFE;
    }
  }

  private final SecureRandom random = new SecureRandom();
  private final ConcurrentMap<String, Ticket> open = new ConcurrentHashMap<>();

  /** 128 random bits as text. */
  String draw() {
    byte[] bits = new byte[BYTES];
    random.nextBytes(bits);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
  }

  /** Makes a ticket. */
  String issue(ClientSession session, TunnelKind kind, TunnelPool pool) {
    String text = draw();
    open.put(text, new Ticket(session, kind, pool, System.nanoTime()));
    return text;
  }

  /** Takes a ticket in, for good; null when it is unknown, used, or too old. */
  @Nullable Ticket redeem(String text) {
    Ticket ticket = open.remove(text);
    if (ticket != null && ticket.old()) {
      ticket.pool().expired(1);
      return null;
    }
    return ticket;
  }

  /** Forgets old tickets, so that tunnels are asked for again. */
  void sweep() {
    open.forEach((text, ticket) -> {
      if (ticket.old() && open.remove(text, ticket)) {
        ticket.pool().expired(1);
      }
    });
  }
}
