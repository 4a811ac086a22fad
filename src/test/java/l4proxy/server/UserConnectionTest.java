package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.RecordedEvents;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.net.Connection;
import l4proxy.net.PacedConnection;
import l4proxy.net.PlainConnection;
import l4proxy.net.TokenBucket;
import l4proxy.net.Traffic;
import l4proxy.net.Watch;
import l4proxy.wire.FrameType;
import l4proxy.wire.Message;
import l4proxy.wire.Tunnel;
import l4proxy.wire.TunnelState.Side;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A user to the end, with nothing around that is real but sockets and tunnel. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class UserConnectionTest {
  private final PublicPort port = mock(PublicPort.class);
  private final Service member = mock(Service.class);
  private final SessionTunnels tunnels = mock(SessionTunnels.class);

  private UserConnection user(Connection user, Tunnel tunnel) throws Exception {
    ClientSession session = mock(ClientSession.class);
    when(session.tunnels()).thenReturn(tunnels);
    when(session.client()).thenReturn("client");
    when(member.session()).thenReturn(session);
    when(member.traffic()).thenReturn(new Traffic());
    when(member.standing()).thenReturn(mock(Standing.class));
    when(member.name()).thenReturn("name");
    when(member.key()).thenReturn("key");
    when(member.tunnels()).thenReturn(new TunnelKind(true, 0));
    when(member.asked())
        .thenReturn(new Message.Expose(0, "echo", "b", "0".repeat(22), 0, 0, true, null, 0, null));
    when(port.member(any(), any(), anyLong())).thenReturn(member);
    when(port.traffic()).thenReturn(new Traffic());
    when(port.events()).thenReturn(new RecordedEvents());
    when(tunnels.take(any(), any(), anyBoolean())).thenReturn(tunnel);
    return new UserConnection(1, port, user);
  }

  private static FutureTask<Void> running(UserConnection user) {
    FutureTask<Void> running =
        new FutureTask<>(() -> {
          user.run();
          return null;
        });
    Thread.ofVirtual().start(running);
    return running;
  }

  /** Else it would be counted for ever, and each drain would wait for it. */
  @Test
  void userIsOverThoughThereIsNoMemoryToKeepItsTunnel() throws Exception {
    try (Watch watch = new Watch();
        Loopback people = Loopback.pair();
        Loopback line = Loopback.pair();
        Tunnel tunnel = new Tunnel(line.connection(), Side.SERVER, watch);
        Tunnel client = new Tunnel(new PlainConnection(line.other()), Side.CLIENT, watch)) {
      UserConnection user = user(people.connection(), tunnel);
      doThrow(new OutOfMemoryError("Java heap space")).when(tunnels).back(tunnel);
      FutureTask<Void> running = running(user);
      assertEquals(FrameType.OPEN, client.receive());
      client.send(FrameType.OPENED);
      people.other().shutdownOutput();
      assertEquals(FrameType.FIN, client.receive());
      client.send(FrameType.FIN);
      client.send(FrameType.DONE);
      ExecutionException full =
          assertThrows(ExecutionException.class, () -> running.get(20, TimeUnit.SECONDS));
      assertInstanceOf(OutOfMemoryError.class, full.getCause());
      verify(tunnels).drop(tunnel);
      verify(member).left(user);
      verify(port).ended(user);
    }
  }

  /** Where no more tunnels come, who can go elsewhere does not wait for long. */
  @Test
  void userIsAloneWithAMemberOnlyWhenNoOtherIsReachable() throws Exception {
    try (Watch watch = new Watch();
        Loopback people = Loopback.pair();
        Loopback line = Loopback.pair();
        Tunnel tunnel = new Tunnel(line.connection(), Side.SERVER, watch)) {
      UserConnection user = user(people.connection(), tunnel);
      when(tunnels.take(any(), any(), anyBoolean())).thenReturn(null);
      when(member.reachable()).thenReturn(true);
      Service other = mock(Service.class);
      when(port.members()).thenReturn(List.of(member, other));
      when(port.member(any(), any(), anyLong())).thenReturn(member, (Service) null);
      when(port.unserved()).thenReturn(new Event.ServedBy("", "", "", ""));
      user.run();
      verify(tunnels).take(any(), any(), eq(true));

      when(other.reachable()).thenReturn(true);
      when(port.member(any(), any(), anyLong())).thenReturn(member, (Service) null);
      try (Loopback next = Loopback.pair()) {
        new UserConnection(2, port, next.connection()).run();
        verify(tunnels).take(any(), any(), eq(false));
      }
    }
  }

  /** The wait for the rate is no member's fault, and many who wait would use up the user's time. */
  @Test
  void backendIsConnectedThoughTheUserSpokeAndItsRateIsUsedUp() throws Exception {
    try (Watch watch = new Watch();
        Loopback people = Loopback.pair();
        Loopback line = Loopback.pair();
        Tunnel tunnel = new Tunnel(line.connection(), Side.SERVER, watch);
        Tunnel client = new Tunnel(new PlainConnection(line.other()), Side.CLIENT, watch)) {
      TokenBucket rate = new TokenBucket(10);
      Connection paced = new PacedConnection(people.connection(), rate, rate);
      paced.out().write(new byte[1_000]); // owed for 100 s
      people.other().getOutputStream().write('x');
      Awaitility.await().until(() -> people.connection().in().available() > 0);
      UserConnection user = user(paced, tunnel);
      FutureTask<Void> running = running(user);
      FutureTask<FrameType> opening = new FutureTask<>(client::receive);
      Thread.ofVirtual().start(opening);
      assertEquals(FrameType.OPEN, opening.get(10, TimeUnit.SECONDS));
      user.end(EndedBy.CLOSED);
      client.close();
      Awaitility.await().until(running::isDone);
    }
  }
}
