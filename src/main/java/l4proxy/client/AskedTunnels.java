package l4proxy.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.events.Event;
import l4proxy.net.Connection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import l4proxy.wire.ProtocolException;
import l4proxy.wire.Tunnel;
import l4proxy.wire.TunnelState;

/**
 * The tunnels that the server asks for over one control connection. Each has a virtual thread,
 * which opens it, serves its users, and outlives the session while one is on. Any thread.
 */
final class AskedTunnels {
  /**
   * Tunnels that wait to be opened: more than a server that keeps to the protocol would ask for.
   */
  private static final int MOST_WAITING = 5_000;

  /**
   * Tunnels without a user, beside as many as had one at once: far more than a server keeps that
   * keeps to the protocol.
   */
  private static final int MOST_IDLE = 1_000;

  private final ProxyClient client;
  private final ServerDialer dialer;
  private final Services services;
  private final InetSocketAddress address;
  private final String session;
  private final Set<Tunnel> tunnels = ConcurrentHashMap.newKeySet();
  private final AtomicInteger busy = new AtomicInteger();
  private final AtomicInteger mostBusy = new AtomicInteger();

  /**
   * None yet.
   *
   * @param address where the control connection goes
   * @param session the server's name for it
   */
  AskedTunnels(ProxyClient client, InetSocketAddress address, String session) {
    this.client = client;
    this.dialer = client.dialer();
    this.services = client.services();
    this.address = address;
    this.session = session;
  }

  /** Opens those that are asked for, each with a ticket; returns at once. */
  void open(Message.Tunnels wanted) {
    if (wanted.port() != 0 && !services.tunnelsMayGoTo(wanted.port())) {
      return; // no service asked for that port, or none does any more
    }
    if (wanted.plain() && !services.tunnelsMayBePlain()) {
      return; // the same of unencrypted ones
    }
    InetSocketAddress to =
        wanted.port() == 0 ? address : new InetSocketAddress(address.getAddress(), wanted.port());
    wanted.tickets().forEach(ticket -> open(ticket, to, wanted.plain()));
  }

  private void open(String ticket, InetSocketAddress to, boolean plain) {
    if (client.asked().get() > MOST_WAITING || isFull()) {
      return; // the server asks again for what is missing, ten seconds later
    }
    client.asked().incrementAndGet();
    boolean started = false;
    try {
      client.threads().execute(() -> serve(ticket, to, plain));
      started = true;
    } catch (RejectedExecutionException closing) {
      // the client is being closed: no more tunnels
    } finally {
      if (!started) {
        client.asked().decrementAndGet();
      }
    }
  }

  private void serve(String ticket, InetSocketAddress to, boolean plain) {
    try (Tunnel tunnel = tunnel(ticket, to, plain)) {
      services.opened(tunnel);
      tunnels.add(tunnel);
      try {
        new ServedTunnel(tunnel, services, this, client::happened).run();
      } finally {
        tunnels.remove(tunnel);
        idle(tunnel);
        services.closed(tunnel);
      }
    } catch (ProtocolException e) {
      client.happened(new Event.Warned("the server broke the protocol: " + e.getMessage()));
    } catch (IOException | RefusedException e) {
      client.happened(new Event.TunnelEnded(String.valueOf(e.getMessage())));
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private Tunnel tunnel(String ticket, InetSocketAddress to, boolean plain)
      throws IOException, RefusedException, InterruptedException {
    try {
      return dialed(ticket, to, plain);
    } finally {
      client.asked().decrementAndGet();
    }
  }

  private Tunnel dialed(String ticket, InetSocketAddress to, boolean plain)
      throws IOException, RefusedException, InterruptedException {
    Semaphore places = client.opening();
    places.acquire();
    try {
      if (isFull()) {
        throw new IOException("the server asks for more tunnels than it uses");
      }
      Connection connection =
          plain
              ? dialer.dialPlain(to, ServerSession.ATTEMPT)
              : dialer.dial(to, ServerSession.ATTEMPT);
      boolean done = false;
      try {
        Messages.write(connection.out(), new Message.TunnelHello(ticket, session));
        connection.in().deadline(Duration.ZERO);
        done = true;
        return new Tunnel(connection, TunnelState.Side.CLIENT, client.watch());
      } finally {
        if (!done) {
          connection.close();
        }
      }
    } finally {
      places.release();
    }
  }

  private boolean isFull() {
    return tunnels.size() - busy.get() > MOST_IDLE + mostBusy.get();
  }

  /** A tunnel has a user from now on. */
  void busy(Tunnel tunnel) {
    if (services.busy(tunnel)) {
      mostBusy.accumulateAndGet(busy.incrementAndGet(), Math::max);
    }
  }

  /** It has none any more. */
  void idle(Tunnel tunnel) {
    if (services.idle(tunnel)) {
      busy.decrementAndGet();
    }
  }

  /** The control connection is lost: those that nobody uses go, the others are looked at. */
  void sessionLost() {
    Services.sessionLost(tunnels);
  }
}
