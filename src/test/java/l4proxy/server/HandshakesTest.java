package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.net.InetAddress;
import java.net.Socket;
import org.junit.jupiter.api.Test;

/** Whose places strangers take. */
class HandshakesTest {
  private final Handshakes handshakes = new Handshakes();

  private void enter(String address) throws Exception {
    Socket socket = mock(Socket.class);
    when(socket.getInetAddress()).thenReturn(InetAddress.ofLiteral(address));
    handshakes.enter(socket);
  }

  @Test
  void ipv6CountsByItsNetworkOf64Bits() throws Exception {
    for (int host = 1; host <= Handshakes.PER_ADDRESS; host++) {
      enter("2001:db8:0:1::" + Integer.toHexString(host));
    }
    assertEquals(0, handshakes.dropped());
    enter("2001:db8:0:2::1");
    assertEquals(0, handshakes.dropped(), "another network");
    enter("2001:db8:0:1:ffff:ffff:ffff:ffff");
    assertEquals(1, handshakes.dropped(), "the same network");
  }

  @Test
  void ipv4CountsByItsAddress() throws Exception {
    for (int host = 1; host <= Handshakes.PER_ADDRESS + 1; host++) {
      enter("192.0.2." + host);
    }
    assertEquals(0, handshakes.dropped());
  }
}
