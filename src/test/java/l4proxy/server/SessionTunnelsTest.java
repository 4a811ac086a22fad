package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.atLeastOnce;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.util.stream.Stream;
import l4proxy.net.Watch;
import l4proxy.wire.Message;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentCaptor;

/** The tunnels of one session while memory is short. */
final class SessionTunnelsTest {
  private static final TunnelKind KIND = new TunnelKind(false, 0);

  @Test
  void tunnelsThatCouldNotBeAskedForAreAskedForLater() {
    ClientSession session = mock();
    Tickets tickets = mock();
    Services services = mock();
    when(services.all()).thenReturn(java.util.List.of());
    when(tickets.issue(any(), any(), any()))
        .thenThrow(new OutOfMemoryError("for the test"))
        .thenReturn("A".repeat(22));
    try (Watch watch = new Watch()) {
      SessionTunnels tunnels =
          new SessionTunnels(session, new Shared(services, mock(), tickets, mock(), watch));
      tunnels.begin(0, KIND);
      tunnels.keep();

      ArgumentCaptor<Message> said = ArgumentCaptor.captor();
      verify(session, atLeastOnce()).send(said.capture());
      assertEquals(2, asked(said.getAllValues().stream()));
    }
  }

  private static int asked(Stream<Message> said) {
    return said.mapToInt(each -> ((Message.Tunnels) each).tickets().size()).sum();
  }
}
