package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
@ExtendWith(LeakCheck.class)
final class SocketsTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1:80",
    "::1, [::1]:80",
    "2001:db8::1, [2001:db8::1]:80",
    "2001:db8:0:0:1:0:0:1, [2001:db8::1:0:0:1]:80",
    "0:0:1:1:1:0:0:1, [::1:1:1:0:0:1]:80",
    "2001:db8:0:1:0:0:0:1, [2001:db8:0:1::1]:80",
    "2001:db8:0:1:1:1:1:1, [2001:db8:0:1:1:1:1:1]:80",
    "10:20:30:40:0:0:0:0, [10:20:30:40::]:80",
    "::ffff:192.0.2.1, 192.0.2.1:80",
    "fe80::1%1, [fe80::1]:80",
    "::, [::]:80"
  })
  void addressIsWrittenAsPeopleDo(String literal, String text) throws Exception {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(literal), 80);
    assertEquals(text, Sockets.text(address));
    assertEquals(80, HostPort.parse(text, -1).port());
  }

  @Test
  void unresolvedNameIsWrittenAsItIs() {
    assertEquals(
        "svr.example:1", Sockets.text(InetSocketAddress.createUnresolved("svr.example", 1)));
  }

  @Test
  void connectedSocketHasTheOptionsOfAll() throws Exception {
    try (ServerSocket listener = Loopback.listener();
        Socket socket =
            Sockets.connect(
                (InetSocketAddress) listener.getLocalSocketAddress(), Duration.ofSeconds(5))) {
      assertTrue(socket.getTcpNoDelay());
      assertTrue(socket.getKeepAlive());
      assertEquals(15, socket.getOption(jdk.net.ExtendedSocketOptions.TCP_KEEPIDLE));
      assertEquals(5, socket.getOption(jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL));
      assertEquals(3, socket.getOption(jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT));
    }
  }

  @Test
  void failedConnectLeavesNothingOpen() throws Exception {
    int port;
    try (ServerSocket listener = Loopback.listener()) {
      port = listener.getLocalPort();
    }
    InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    assertThrows(
        ConnectException.class, () -> Sockets.connect(nobody, Duration.ofSeconds(5)).close());
    assertThrows(
        UnknownHostException.class,
        () ->
            Sockets.connect(
                    InetSocketAddress.createUnresolved("svr.example", 1), Duration.ofSeconds(5))
                .close());
  }

  @Test
  void portIsSharedWithNobody() throws Exception {
    try (ServerSocket listener = Loopback.listener()) {
      assertThrows(
          BindException.class,
          () -> Sockets.listen((InetSocketAddress) listener.getLocalSocketAddress()).close());
    }
  }

  @Test
  void abortedSocketIsResetAndClosedOneEnds() throws Exception {
    try (Loopback pair = Loopback.pair()) {
      Sockets.abort(pair.one());
      assertThrows(SocketException.class, () -> pair.other().getInputStream().read());
    }
    try (Loopback pair = Loopback.pair()) {
      Sockets.close(pair.one());
      assertEquals(-1, pair.other().getInputStream().read());
    }
  }

  @Test
  void abortAndCloseMayComeTwiceAndInAnyOrder() throws Exception {
    try (Loopback pair = Loopback.pair()) {
      Connection connection = pair.connection();
      assertDoesNotThrow(connection::close);
      assertDoesNotThrow(connection::abort);
      assertDoesNotThrow(connection::abort);
      assertDoesNotThrow(connection::close);
      assertThrows(IOException.class, () -> connection.out().write(1));
      assertEquals(pair.one().getPort(), connection.remote().getPort());
    }
  }

  @Test
  void portIsBoundBesideOnlyWhileItIsShared() throws Exception {
    try (ServerSocket first =
        Sockets.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      InetSocketAddress address = (InetSocketAddress) first.getLocalSocketAddress();
      assertThrows(BindException.class, () -> Sockets.listenBeside(address).close());
      Sockets.share(first, true);
      assertThrows(BindException.class, () -> Sockets.listen(address).close());
      try (ServerSocket second = Sockets.listenBeside(address)) {
        first.close();
        Sockets.share(second, false);
        assertThrows(BindException.class, () -> Sockets.listen(address).close());
        try (Socket user = new Socket(address.getAddress(), address.getPort());
            Socket accepted = second.accept()) {
          assertEquals(user.getLocalPort(), accepted.getPort());
        }
      }
    }
  }
}
