package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.net.Watch;
import l4proxy.wire.OpenFrame;
import l4proxy.wire.Tunnel;
import l4proxy.wire.TunnelState.Side;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a user says while tunnels are tried. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class FirstBytesTest {
  private static final OpenFrame OPEN = new OpenFrame(1, 0, "user:1", "here:2");

  @Test
  void whatIsSaidAfterATunnelBrokeInItsOpeningIsKeptForTheNext() throws Exception {
    try (Watch watch = new Watch();
        Loopback user = Loopback.pair();
        Loopback broken = Loopback.pair();
        Loopback good = Loopback.pair();
        Tunnel first = new Tunnel(broken.connection(), Side.SERVER, watch);
        Tunnel second = new Tunnel(good.connection(), Side.SERVER, watch)) {
      FirstBytes bytes = new FirstBytes(user.connection());
      first.abort();
      assertThrows(IOException.class, () -> bytes.open(first, OPEN));
      FutureTask<Boolean> reading = new FutureTask<>(bytes::run);
      Thread up = Thread.ofPlatform().start(reading);
      user.other().getOutputStream().write('x');
      user.other().shutdownOutput();
      // at its end of stream: a platform thread in a read is RUNNABLE
      Awaitility.await().until(() -> up.getState() == Thread.State.WAITING);
      assertFalse(bytes.spoken());
      bytes.open(second, OPEN);
      assertTrue(bytes.spoken());
      assertEquals(1, bytes.opened());
      assertTrue(reading.get(20, TimeUnit.SECONDS));
      second.close();
      byte[] sent = good.other().getInputStream().readAllBytes();
      byte[] data = {4, 0, 0, 1, 'x'};
      assertArrayEquals(data, Arrays.copyOfRange(sent, sent.length - data.length, sent.length));
    }
  }

  /**
   * Nobody would end what is opened for him, and a backend that only listens would wait for ever.
   */
  @Test
  void nothingIsOpenedForAUserWhoIsGone() throws Exception {
    try (Loopback user = Loopback.pair()) {
      FirstBytes bytes = new FirstBytes(user.connection());
      user.other().setSoLinger(true, 0);
      user.other().close();
      assertFalse(bytes.run());
      isNotOpened(bytes);
    }
  }

  @Test
  void nothingIsOpenedForAUserWhoIsReadNoMore() throws Exception {
    try (Loopback user = Loopback.pair()) {
      FirstBytes bytes = new FirstBytes(user.connection());
      bytes.over();
      isNotOpened(bytes);
    }
  }

  private static void isNotOpened(FirstBytes bytes) throws IOException {
    try (Watch watch = new Watch();
        Loopback line = Loopback.pair();
        Tunnel tunnel = new Tunnel(line.connection(), Side.SERVER, watch)) {
      assertTrue(bytes.gone());
      assertFalse(bytes.open(tunnel, OPEN));
      assertTrue(tunnel.state().idle());
    }
  }

  @Test
  void whatAMemberThatRefusedWasToldIsNotSpoken() throws Exception {
    try (Watch watch = new Watch();
        Loopback user = Loopback.pair();
        Loopback line = Loopback.pair();
        Tunnel tunnel = new Tunnel(line.connection(), Side.SERVER, watch)) {
      FirstBytes bytes = new FirstBytes(user.connection());
      user.other().getOutputStream().write('x');
      Awaitility.await().until(() -> user.connection().in().available() > 0);
      bytes.peek();
      assertTrue(bytes.open(tunnel, OPEN));
      assertTrue(bytes.spoken());
      bytes.refused();
      assertFalse(bytes.spoken());
    }
  }
}
