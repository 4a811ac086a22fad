package l4proxy.wire;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.inOrder;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.io.IOException;
import l4proxy.net.Connection;
import l4proxy.net.Input;
import l4proxy.wire.TunnelState.Side;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.InOrder;

/** In what order an opening tells its caller, its socket and its tunnel. */
final class OpeningTest {
  private final Tunnel tunnel = mock(Tunnel.class);
  private final Connection local = mock(Connection.class);
  private final Input in = mock(Input.class);
  private final Runnable onEnd = mock(Runnable.class);

  @BeforeEach
  void connect() {
    when(tunnel.state()).thenReturn(new TunnelState(Side.CLIENT));
    when(local.in()).thenReturn(in);
  }

  private Opening opening() {
    return new Opening(tunnel, local, n -> {}, n -> {}, onEnd);
  }

  /**
   * Whoever is told closes the socket: with a RESET on its way that would look like a clean end.
   */
  @Test
  void nobodyIsToldOfTheLastEndBeforeTheSocketIsReset() throws IOException {
    Opening opening = opening();
    when(tunnel.receive()).thenReturn(FrameType.RESET, FrameType.DONE);
    when(tunnel.reason()).thenReturn("gone");
    opening.send();
    verify(tunnel).send(FrameType.FIN);
    verify(onEnd, never()).run();
    opening.receive();
    InOrder order = inOrder(local, onEnd);
    order.verify(local).abort();
    order.verify(onEnd).run();
    verify(onEnd, times(1)).run();
  }

  @Test
  void theLastToEndTells() throws IOException {
    Opening opening = opening();
    when(tunnel.receive()).thenReturn(FrameType.FIN, FrameType.DONE);
    opening.receive();
    InOrder order = inOrder(local, onEnd, tunnel);
    order.verify(local).shutdownOutput();
    order.verify(onEnd).run();
    opening.send();
    order.verify(tunnel).send(FrameType.FIN);
    order.verify(onEnd).run();
    verify(local, never()).abort();
  }

  @Test
  void socketThatCannotBeHalfClosedIsReset() throws IOException {
    Opening opening = opening();
    when(tunnel.receive()).thenReturn(FrameType.FIN, FrameType.DONE);
    org.mockito.Mockito.doThrow(new IOException("gone")).when(local).shutdownOutput();
    opening.receive();
    verify(local).abort();
    verify(tunnel).resetLater(anyInt(), any());
  }
}
