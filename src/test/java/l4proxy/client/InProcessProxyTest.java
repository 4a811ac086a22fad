package l4proxy.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import l4proxy.EchoBackend;
import l4proxy.LeakCheck;
import l4proxy.http.ProxyAccess;
import l4proxy.net.CidrList;
import l4proxy.net.Watch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A proxy within the process takes its own connections only, and knows whose they are. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class InProcessProxyTest {
  @AutoClose private final Watch watch = new Watch();

  private static String ask(Socket socket, int port) throws IOException {
    socket.setSoTimeout(20_000);
    socket
        .getOutputStream()
        .write(
            "CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: x\r\n\r\n"
                .formatted(port)
                .getBytes(StandardCharsets.US_ASCII));
    return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
  }

  @Test
  void userIsKnownByTheAddressThatTheServerSaw() throws Exception {
    ProxyAccess some =
        new ProxyAccess(Optional.empty(), Optional.of(CidrList.parse("192.0.2.0/24,2001:db8::1")));
    try (EchoBackend backend = new EchoBackend();
        InProcessProxy proxy = new InProcessProxy(some, watch)) {
      for (String allowed : new String[] {"192.0.2.7:1", "[2001:db8::1]:65535"}) {
        try (Socket socket = proxy.connect(allowed)) {
          assertEquals("HTTP/1.1 200", ask(socket, backend.port()), allowed);
        }
      }
      for (String other : new String[] {"198.51.100.7:1", "127.0.0.1:1", "[2001:db8::2]:1"}) {
        try (Socket socket = proxy.connect(other)) {
          assertEquals("HTTP/1.1 403", ask(socket, backend.port()), other);
        }
      }
    }
  }

  @Test
  void uninvitedConnectionIsReset() throws Exception {
    ProxyAccess all = new ProxyAccess(Optional.empty(), Optional.empty());
    try (InProcessProxy proxy = new InProcessProxy(all, watch);
        Socket invited = proxy.connect("192.0.2.7:1");
        Socket stranger = new Socket("127.0.0.1", proxy.port())) {
      stranger.setSoTimeout(20_000);
      int read;
      try {
        read = stranger.getInputStream().read();
      } catch (IOException reset) {
        read = -1;
      }
      assertEquals(-1, read);
      assertTrue(invited.isConnected());
    }
  }

  @Test
  void portOfAnotherLoopbackAddressIsNoInvitation() throws Exception {
    ProxyAccess all = new ProxyAccess(Optional.empty(), Optional.empty());
    try (InProcessProxy proxy = new InProcessProxy(all, watch);
        Socket invited = proxy.connect("192.0.2.7:1");
        Socket stranger = new Socket()) {
      stranger.bind(
          new InetSocketAddress(InetAddress.ofLiteral("127.0.0.2"), invited.getLocalPort()));
      stranger.connect(new InetSocketAddress("127.0.0.1", proxy.port()));
      stranger.setSoTimeout(20_000);
      assertThrows(IOException.class, () -> ask(stranger, 9).charAt(11));
    }
  }

  @Test
  void userWithoutAnAddressIsRefused() throws Exception {
    ProxyAccess all = new ProxyAccess(Optional.empty(), Optional.empty());
    try (InProcessProxy proxy = new InProcessProxy(all, watch)) {
      for (String text : new String[] {"", "example.org:1", "192.0.2.7"}) {
        assertThrows(IOException.class, () -> proxy.connect(text).close());
      }
    }
  }
}
