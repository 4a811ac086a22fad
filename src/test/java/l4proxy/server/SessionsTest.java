package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import l4proxy.Loopback;
import l4proxy.auth.Keys;
import l4proxy.events.Event;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PortRanges;
import l4proxy.net.Watch;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a client hears that comes just as all clients are told something. */
@Timeout(60)
final class SessionsTest {
  private static final ServerConfig OPEN =
      new ServerConfig(
          new HostPort("127.0.0.1", 0),
          Optional.empty(),
          Optional.empty(),
          PortRanges.parse("10000-32000"),
          true,
          false,
          false,
          Limits.NONE,
          Duration.ZERO);

  private Consumer<Sessions> connected = sessions -> {};
  private Sessions sessions;

  private Sessions sessions(Watch watch) {
    Tickets tickets = mock();
    when(tickets.draw()).thenReturn("A".repeat(22));
    sessions =
        new Sessions(
            new Shared(mock(), mock(), tickets, mock(), watch),
            mock(Keys.class),
            OPEN,
            new Handshakes(),
            event -> {
              if (event instanceof Event.ClientConnected) {
                connected.accept(sessions);
              }
            },
            "test");
    return sessions;
  }

  private static Message next(Connection client) throws IOException {
    Message next = Messages.read(client.in());
    while (next instanceof Message.Heartbeat) {
      next = Messages.read(client.in());
    }
    return next;
  }

  /** The client takes anything else for no answer, and stays away for a while. */
  private void hears(Sessions from, Message second) throws Exception {
    try (Loopback pair = Loopback.pair();
        Connection client = pair.otherConnection()) {
      Message.Control hello = new Message.Control(null, "test", "127.0.0.1", "B".repeat(22));
      FutureTask<Void> serving =
          new FutureTask<>(() -> {
            from.serve(pair.connection(), hello);
            return null;
          });
      Thread.ofVirtual().start(serving);
      assertInstanceOf(Message.Welcome.class, next(client));
      assertEquals(second, next(client));
      client.close();
      serving.get(20, TimeUnit.SECONDS);
    }
  }

  @Test
  void clientOfAServerThatIsTakenOverIsWelcomedFirst() throws Exception {
    try (Watch watch = new Watch()) {
      Sessions all = sessions(watch);
      all.takenOver(true);
      hears(all, new Message.TakenOver());
    }
  }

  @Test
  void clientThatComesJustAsTheServerIsTakenOverIsWelcomedFirst() throws Exception {
    connected = all -> all.takenOver(true);
    try (Watch watch = new Watch()) {
      hears(sessions(watch), new Message.TakenOver());
    }
  }

  @Test
  void clientThatComesJustAsTheServerStopsIsWelcomedFirst() throws Exception {
    connected = all -> all.tell(new Message.Draining());
    try (Watch watch = new Watch()) {
      hears(sessions(watch), new Message.Draining());
    }
  }
}
