package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.EchoBackend;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Names are looked up within a time limit, and all their addresses are tried. */
@Timeout(60)
final class HostsTest {
  private static final Duration TIME = Duration.ofSeconds(5);
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private static long end() {
    return System.nanoTime() + TIME.toNanos();
  }

  @Test
  void nextAddressIsTriedWhereOneIsRefused() throws Exception {
    try (EchoBackend backend = new EchoBackend()) {
      List<InetAddress> addresses = List.of(InetAddress.ofLiteral("127.0.0.99"), LOOPBACK);
      try (Socket socket =
          Hosts.first(addresses, backend.address().port(), end(), Sockets::connect)) {
        assertEquals(LOOPBACK, socket.getInetAddress());
      }
    }
  }

  @Test
  void whyTheFirstFailedIsSaidWhenAllDo() {
    List<InetSocketAddress> tried = new ArrayList<>();
    IOException why =
        assertThrows(
            IOException.class,
            () ->
                Hosts.first(
                    List.of(LOOPBACK, InetAddress.ofLiteral("::1")),
                    80,
                    end(),
                    (address, time) -> {
                      tried.add(address);
                      throw new ConnectException("refused " + tried.size());
                    }));
    assertEquals("refused 1", why.getMessage());
    assertEquals(2, tried.size());
  }

  @Test
  void eachAddressHasItsPartOfTheTime() throws Exception {
    List<Duration> times = new ArrayList<>();
    Socket third = new Socket();
    assertSame(
        third,
        Hosts.first(
            List.of(LOOPBACK, LOOPBACK, LOOPBACK),
            80,
            end(),
            (address, time) -> {
              times.add(time);
              if (times.size() < 3) {
                throw new ConnectException("refused");
              }
              return third;
            }));
    assertTrue(times.getFirst().compareTo(TIME.dividedBy(2)) < 0, times.toString());
    assertTrue(times.getLast().compareTo(TIME.dividedBy(2)) > 0, times.toString());
  }

  @Test
  void addressThatIsFarAwayHasASecondHoweverManyThereAre() throws Exception {
    Socket far = new Socket();
    assertSame(
        far,
        Hosts.first(
            Collections.nCopies(30, LOOPBACK),
            80,
            end(),
            (address, time) -> {
              assertTrue(time.toMillis() >= 900, "too short a time for far away: " + time);
              return far;
            }));
  }

  @Test
  void withoutAThreadItIsAFailureLikeOthers() {
    Lookups lookups =
        new Lookups(
            host -> List.of(LOOPBACK),
            task -> {
              throw new OutOfMemoryError("unable to create native thread");
            });
    for (int i = 0; i < 2; i++) {
      IOException no = assertThrows(IOException.class, () -> lookups.resolve("name", TIME));
      assertEquals("there is no thread to look name up", no.getMessage());
    }
  }

  @Test
  void nameThatHangsIsGivenUpInTimeAndHoldsUpNoOther() throws Exception {
    CountDownLatch answers = new CountDownLatch(1);
    AtomicInteger asked = new AtomicInteger();
    Lookups lookups =
        new Lookups(host -> {
          if (host.equals("hangs")) {
            asked.incrementAndGet();
            try {
              answers.await();
            } catch (InterruptedException e) {
              throw new UnknownHostException(host);
            }
          }
          return List.of(LOOPBACK);
        });
    for (int i = 0; i < 200; i++) { // more than may be looked up at a time
      assertThrows(
          SocketTimeoutException.class, () -> lookups.resolve("hangs", Duration.ofMillis(1)));
    }
    assertEquals(List.of(LOOPBACK), lookups.resolve("answers", TIME));
    assertEquals(1, asked.get());
    FutureTask<List<InetAddress>> waiting = new FutureTask<>(() -> lookups.resolve("hangs", TIME));
    Thread.ofVirtual().start(waiting);
    answers.countDown();
    assertEquals(List.of(LOOPBACK), waiting.get(20, TimeUnit.SECONDS));
    Awaitility.await()
        .untilAsserted(() -> {
          int before = asked.get();
          lookups.resolve("hangs", TIME);
          assertEquals(before + 1, asked.get(), "it is looked up anew each time");
        });
  }

  @Test
  void noMoreNamesThanThereArePlacesAreLookedUp() throws Exception {
    CountDownLatch answers = new CountDownLatch(1);
    Lookups lookups =
        new Lookups(host -> {
          try {
            answers.await();
          } catch (InterruptedException e) {
            throw new UnknownHostException(host);
          }
          return List.of(LOOPBACK);
        });
    for (int i = 0; i < 64; i++) {
      String host = "host" + i;
      assertThrows(SocketTimeoutException.class, () -> lookups.resolve(host, Duration.ofMillis(1)));
    }
    IOException full =
        assertThrows(IOException.class, () -> lookups.resolve("another", Duration.ofMillis(1)));
    assertEquals("too many names are being looked up", full.getMessage());
    answers.countDown();
    Awaitility.await()
        .ignoreExceptions()
        .until(() -> lookups.resolve("another", TIME).equals(List.of(LOOPBACK)));
  }
}
