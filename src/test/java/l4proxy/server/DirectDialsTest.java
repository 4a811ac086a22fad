package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.EchoBackend;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whether backends answer at their clients' own addresses, asked no more often than is decent. */
@Timeout(30)
class DirectDialsTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final AtomicInteger dialled = new AtomicInteger();
  private EchoBackend backend;

  @BeforeEach
  void open() throws IOException {
    backend = new EchoBackend(socket -> dialled.incrementAndGet());
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private static InetSocketAddress local(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private void awaitDialled(int times) {
    Awaitility.await().untilAsserted(() -> assertEquals(times, dialled.get()));
  }

  @Test
  void outcomeCountsForAllWhoAskMeanwhile() throws Exception {
    try (DirectDials dials = new DirectDials(LONG)) {
      DirectDials.Outcome first = dials.ask("key", local(backend.port()));
      assertTrue(first.answered());
      assertTrue(first.left().compareTo(Duration.ofSeconds(50)) > 0, first.toString());
      assertTrue(dials.ask("key", local(backend.port())).answered());
      awaitDialled(1);
      int port = backend.port();
      backend.close();
      assertTrue(dials.ask("key", local(port)).answered(), "asked not long ago");
      assertFalse(dials.ask("other", local(port)).answered());
    }
  }

  @Test
  void nobodyThereIsNoAnswer() throws Exception {
    int port = backend.port();
    backend.close();
    try (DirectDials dials = new DirectDials(LONG)) {
      assertFalse(dials.ask("key", local(port)).answered());
      try (ServerSocket late = new ServerSocket()) {
        late.bind(local(port));
        assertFalse(dials.ask("key", local(port)).answered(), "asked not long ago");
      }
    }
  }

  @Test
  void whoGivesUpWaitingTakesNobodysPlace() throws Exception {
    try (DirectDials dials = new DirectDials(Duration.ofMillis(1))) {
      for (int port = 1; port <= 200; port++) {
        giveUpAsking(dials, local(port));
      }
      Awaitility.await().until(() -> dials.ask("key", local(backend.port())).answered());
    }
  }

  private static void giveUpAsking(DirectDials dials, InetSocketAddress address) {
    Thread.currentThread().interrupt();
    try {
      dials.ask("key", address);
    } catch (InterruptedException asWasToBeExpected) {
      // the dial may have been made in the meantime, too
    }
    Thread.interrupted();
  }

  @Test
  void dialledAgainWhenTheOutcomeIsOld() throws Exception {
    try (DirectDials dials = new DirectDials(Duration.ofMillis(1))) {
      InetSocketAddress address = local(backend.port());
      dials.ask("key", address);
      Awaitility.await()
          .untilAsserted(() -> {
            dials.ask("key", address);
            assertTrue(dialled.get() >= 2);
          });
      backend.close();
      Awaitility.await().until(() -> !dials.ask("key", address).answered());
    }
  }

  @Test
  void portsOfOneAddressAreNotTriedOneByOne() throws Exception {
    try (DirectDials dials = new DirectDials(LONG)) {
      for (int port = 1; port <= 100; port++) {
        dials.ask("key", local(port));
      }
      assertFalse(dials.ask("key", local(backend.port())).answered());
      assertTrue(dials.ask("another", local(backend.port())).answered());
      awaitDialled(1);
    }
  }

  @Test
  void closingEndsThoseWhoWait() throws Exception {
    CountDownLatch waiting = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    DirectDials dials = new DirectDials(LONG);
    dials.start(() -> {
      waiting.countDown();
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException closing) {
        interrupted.countDown();
      }
    });
    waiting.await();
    dials.close();
    assertEquals(0, interrupted.getCount());
    dials.start(() -> waiting.countDown()); // refused, quietly
  }
}
