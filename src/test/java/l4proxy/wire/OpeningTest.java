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
import java.io.OutputStream;
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
  private final OutputStream out = mock(OutputStream.class);
  private final Runnable onEnd = mock(Runnable.class);

  @BeforeEach
  void connect() {
    when(tunnel.state()).thenReturn(new TunnelState(Side.CLIENT));
    when(local.in()).thenReturn(in);
    when(local.out()).thenReturn(out);
    when(local.piece()).thenReturn(Integer.MAX_VALUE);
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

  /** A connection that is kept to a rate waits in each write: what went on is said in between. */
  @Test
  void dataGoesInPiecesThatTheSocketLikes() throws IOException {
    byte[] buffer = new byte[10];
    when(local.piece()).thenReturn(4);
    when(tunnel.receive()).thenReturn(FrameType.DATA, FrameType.DONE);
    when(tunnel.piece()).thenReturn(10, 0);
    when(tunnel.buffer()).thenReturn(buffer);
    when(tunnel.position()).thenReturn(0, 4, 8);
    opening().receive();
    InOrder order = inOrder(out, tunnel);
    for (int at = 0; at < 10; at += 4) {
      int length = Math.min(4, 10 - at);
      order.verify(out).write(buffer, at, length);
      order.verify(tunnel).consume(length);
    }
  }
}
