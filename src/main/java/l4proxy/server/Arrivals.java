package l4proxy.server;

import java.io.IOException;
import java.time.Duration;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.Connection;
import l4proxy.net.Sockets;
import l4proxy.wire.Message;

/** Takes tickets in, and tunnels to the sessions that asked for them. Any thread. */
final class Arrivals {
  private final Tickets tickets;
  private final Events events;

  Arrivals(Tickets tickets, Events events) {
    this.tickets = tickets;
    this.events = events;
  }

  /**
   * A connection that says it is a tunnel.
   *
   * @param port the internal port it came to, 0 for the control port: its ticket is good only there
   */
  void arrived(Newcomers.Role.Carrier carrier, int port) throws IOException {
    Connection connection = carrier.connection();
    Message.TunnelHello hello = carrier.hello();
    connection.in().deadline(Duration.ZERO); // it may have been dropped: that costs no ticket
    Tickets.Ticket ticket = tickets.redeem(hello.ticket());
    if (ticket == null
        || !ticket.kind().equals(new TunnelKind(!connection.encrypted(), port))
        || !ticket.session().isNamed(hello.session())) {
      if (ticket != null) {
        ticket.pool().expired(1);
      }
      events.happened(
          new Event.StrangerDropped(
              Sockets.text(connection.remote()),
              "a ticket that is unknown, used, too old or another's"));
      connection.close();
      return;
    }
    ticket.session().tunnels().arrived(connection, ticket.pool());
  }
}
