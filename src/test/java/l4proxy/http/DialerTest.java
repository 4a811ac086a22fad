package l4proxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.net.HostPort;
import l4proxy.net.Lookups;
import l4proxy.net.PlainConnection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names are looked up once, and only what was checked is dialled. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class DialerTest {
  private static List<InetAddress> addresses(String... literals) {
    return List.of(literals).stream().map(InetAddress::ofLiteral).toList();
  }

  private static int status(Dialer dialer, HostPort target) {
    Rejection no = assertThrows(Rejection.class, () -> dialer.dial(target).close());
    return no.status();
  }

  @Test
  void answerThatChangesBetweenCheckAndDialIsNeverAskedFor() throws Exception {
    try (ServerSocket listener = Loopback.listener()) {
      Queue<List<InetAddress>> answers = new ArrayDeque<>();
      answers.add(addresses("127.0.0.2")); // allowed, nobody listens there
      answers.add(addresses("127.0.0.1")); // what a second look-up would bring
      InetAddress allowed = InetAddress.ofLiteral("127.0.0.2");
      Dialer dialer = new Dialer(host -> answers.remove(), allowed::equals);
      assertEquals(502, status(dialer, new HostPort("rebind.test", listener.getLocalPort())));
      assertEquals(1, answers.size());
    }
  }

  @Test
  void nameOfAPrivateAddressIsRefusedOnAServer() {
    Dialer dialer =
        new Dialer(
            host -> addresses("127.0.0.1", "10.0.0.1", "::1"), new GlobalAddresses(Set.of()));
    assertEquals(403, status(dialer, new HostPort("inside.test", 80)));
  }

  @Test
  void onlyTheAllowedOfSeveralAddressesAreDialled() throws Exception {
    try (ServerSocket listener = Loopback.listener()) {
      AtomicInteger asked = new AtomicInteger();
      Dialer dialer =
          new Dialer(
              host -> {
                asked.incrementAndGet();
                return addresses("127.0.0.3", "127.0.0.1");
              },
              InetAddress.ofLiteral("127.0.0.1")::equals);
      try (PlainConnection made =
          dialer.dial(new HostPort("several.test", listener.getLocalPort()))) {
        assertEquals("127.0.0.1", made.remote().getAddress().getHostAddress());
      }
      assertEquals(1, asked.get());
    }
  }

  @Test
  void nextAddressIsTriedWhenOneRefuses() throws Exception {
    try (ServerSocket listener = Loopback.listener()) {
      Dialer dialer = new Dialer(host -> addresses("127.0.0.3", "127.0.0.1"), address -> true);
      try (PlainConnection made =
          dialer.dial(new HostPort("several.test", listener.getLocalPort()))) {
        assertEquals("127.0.0.1", made.remote().getAddress().getHostAddress());
      }
    }
  }

  @Test
  void addressesThatHangLeaveTimeForTheThird() throws Exception {
    try (ServerSocket listener = Loopback.listener();
        Hanging first = new Hanging("127.0.0.4", listener.getLocalPort());
        Hanging second = new Hanging("127.0.0.5", listener.getLocalPort())) {
      Dialer dialer =
          new Dialer(
              host -> addresses(first.address(), second.address(), "127.0.0.1"), address -> true);
      try (PlainConnection made =
          dialer.dial(new HostPort("several.test", listener.getLocalPort()))) {
        assertEquals("127.0.0.1", made.remote().getAddress().getHostAddress());
      }
    }
  }

  /** Where whoever connects hears nothing: its queue is full. */
  private record Hanging(String address, ServerSocket listener, List<Socket> queue)
      implements AutoCloseable {
    Hanging(String address, int port) throws IOException {
      this(address, new ServerSocket(port, 1, InetAddress.ofLiteral(address)), new ArrayList<>());
      for (int i = 0; i < 2; i++) { // one more than the queue is said to take
        queue.add(new Socket(address, port));
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
      for (Socket each : queue) {
        each.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "0x7f.0.0.0x1", "[::1]", "[::ffff:7f00:1]"})
  void noSpellingOfLoopbackGetsThrough(String host) {
    Dialer dialer = new Dialer(new Lookups(), new GlobalAddresses(Set.of()));
    int status = status(dialer, HostPort.parse(host, 80));
    // an unknown name is as good as a refusal; the resolver decides what 0x7f is
    assertTrue(status == 403 || host.startsWith("0x") && status == 502, "status " + status);
  }

  @Test
  void failuresOfTheLookUpAreTold() {
    HostPort target = new HostPort("some.test", 80);
    assertEquals(502, status(failing(new UnknownHostException("some.test")), target));
    assertEquals(504, status(failing(new SocketTimeoutException("late")), target));
    assertEquals(503, status(failing(new IOException("many")), target));
  }

  private static Dialer failing(IOException failure) {
    return new Dialer(
        host -> {
          throw failure;
        },
        address -> true);
  }

  @Test
  void literalsAndLocalhostAreFound() throws Exception {
    Lookups lookups = new Lookups();
    assertEquals(addresses("192.0.2.1"), lookups.resolve("192.0.2.1"));
    assertEquals(addresses("2001:db8::1"), lookups.resolve("2001:db8::1"));
    assertTrue(lookups.resolve("localhost").getFirst().isLoopbackAddress());
    assertThrows(UnknownHostException.class, () -> lookups.resolve("no-such-name.invalid"));
  }
}
