package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.net.PlainConnection;
import l4proxy.net.Watch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A control connection whose heart beats faster than in life. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class ControlLinkTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private Loopback pair;
  private Watch watch;
  private PlainConnection peer;

  @BeforeEach
  void connect() throws IOException {
    pair = Loopback.pair();
    watch = new Watch();
    peer = pair.otherConnection();
  }

  @AfterEach
  void disconnect() {
    watch.close();
    pair.close();
  }

  private ControlLink link(int beatMillis, Duration dead, Duration writing) throws IOException {
    return new ControlLink(
        "test",
        pair.connection(),
        watch,
        new ControlLink.Times(Duration.ofMillis(beatMillis), dead, writing));
  }

  private Message read() throws IOException {
    return Messages.read(peer.in());
  }

  @Test
  void heartbeatIsSentWhenThereIsNothingElseToSay() throws IOException {
    try (ControlLink link = link(20, LONG, LONG)) {
      for (int i = 0; i < 3; i++) {
        assertInstanceOf(Message.Heartbeat.class, read());
      }
      link.send(new Message.Draining());
      Message next = read();
      while (next instanceof Message.Heartbeat) {
        next = read();
      }
      assertEquals(new Message.Draining(), next);
    }
  }

  @Test
  void firstMessageIsTheCallers() throws IOException {
    try (ControlLink link = link(10_000, LONG, LONG)) {
      link.send(new Message.Welcome("1", "A".repeat(22)));
      assertEquals(new Message.Welcome("1", "A".repeat(22)), read());
    }
  }

  @Test
  void messagesKeepTheirOrder() throws IOException {
    try (ControlLink link = link(10_000, LONG, LONG)) {
      for (int i = 0; i < 5000; i++) {
        link.send(new Message.Refused(i, "no", false));
      }
      for (int i = 0; i < 5000; i++) {
        assertEquals(new Message.Refused(i, "no", false), read());
      }
    }
  }

  @Test
  void heartbeatIsAnsweredWhileTheNextMessageIsAwaited() throws Exception {
    try (ControlLink link = link(10_000, LONG, LONG)) {
      CompletableFuture<Message> next = reading(link);
      Messages.write(peer.out(), new Message.Heartbeat(42));
      assertEquals(new Message.HeartbeatAnswer(42), read());
      Messages.write(peer.out(), new Message.Draining());
      assertEquals(new Message.Draining(), next.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void answerTellsTheRoundTripAndThatTheOtherSideIsThere() throws Exception {
    try (ControlLink link = link(10_000, LONG, LONG)) {
      assertEquals(-1, link.roundTripNanos());
      long before = System.nanoTime();
      link.ask();
      Message.Heartbeat asked = assertInstanceOf(Message.Heartbeat.class, read());
      CompletableFuture<Message> next = reading(link);
      long minute = Duration.ofMinutes(1).toNanos();
      Messages.write(peer.out(), new Message.HeartbeatAnswer(asked.nanos() - minute));
      Message.Heartbeat again = assertInstanceOf(Message.Heartbeat.class, read());
      Messages.write(peer.out(), new Message.HeartbeatAnswer(again.nanos()));
      Message.Heartbeat third = assertInstanceOf(Message.Heartbeat.class, read());
      Messages.write(peer.out(), new Message.HeartbeatAnswer(third.nanos() - minute));
      Messages.write(peer.out(), new Message.Draining());
      next.get(10, TimeUnit.SECONDS);
      assertTrue(link.roundTripNanos() > 0 && link.roundTripNanos() < System.nanoTime() - before);
      assertTrue(link.lastRead() - before > 0);
    }
  }

  @Test
  void messagesOfALaterVersionArePassedOver() throws Exception {
    try (ControlLink link = link(10_000, LONG, LONG)) {
      peer.out().write(new byte[] {0, 0, 0, 12});
      peer.out().write("{\"type\":\"x\"}".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
      Messages.write(peer.out(), new Message.Draining());
      assertEquals(new Message.Draining(), link.read());
    }
  }

  @Test
  void silenceIsDeath() throws IOException {
    try (ControlLink link = link(10_000, Duration.ofMillis(150), LONG)) {
      long before = System.nanoTime();
      assertThrows(SocketTimeoutException.class, link::read);
      assertTrue(System.nanoTime() - before >= 140_000_000L);
    }
  }

  @Test
  void anyMessageIsASignOfLife() throws Exception {
    try (ControlLink link = link(10_000, Duration.ofMillis(1000), LONG)) {
      CompletableFuture<Message> next = reading(link);
      long before = System.nanoTime();
      while (System.nanoTime() - before < Duration.ofMillis(1500).toNanos()) {
        Messages.write(peer.out(), new Message.Heartbeat(1));
        assertEquals(new Message.HeartbeatAnswer(1), read());
      }
      assertTrue(!next.isDone());
      Messages.write(peer.out(), new Message.Draining());
      assertEquals(new Message.Draining(), next.get(10, TimeUnit.SECONDS));
    }
  }

  /** Bytes that never become a message are none. */
  @Test
  void trickleIsDeathToo() throws Exception {
    try (ControlLink link = link(10_000, Duration.ofMillis(300), LONG)) {
      CompletableFuture<Message> next = reading(link);
      Awaitility.await()
          .pollInterval(Duration.ofMillis(50))
          .atMost(Duration.ofSeconds(10))
          .until(() -> {
            peer.out().write(0);
            return next.isDone();
          });
      assertTrue(next.isCompletedExceptionally());
    }
  }

  @Test
  void linkThatTakesNothingIsBroken() throws Exception {
    try (ControlLink link = link(10_000, LONG, Duration.ofMillis(100))) {
      CompletableFuture<Message> next = reading(link);
      Message large = new Message.Rejected("x".repeat(1000), false);
      for (int i = 0; i < 9000; i++) {
        link.send(large); // more than any pipe holds
      }
      assertThrows(Exception.class, () -> next.get(10, TimeUnit.SECONDS));
      assertTrue(next.isCompletedExceptionally());
    }
  }

  @Test
  void linkThatOwesTooMuchIsBroken() throws Exception {
    try (ControlLink link = link(10_000, LONG, LONG)) {
      CompletableFuture<Message> next = reading(link);
      Message large = new Message.Rejected("x".repeat(1000), false);
      for (int i = 0; i < 30_000 && !next.isDone(); i++) {
        link.send(large);
      }
      assertThrows(Exception.class, () -> next.get(10, TimeUnit.SECONDS));
    }
  }

  @Test
  void endAndBreachAreToldToTheReader() throws IOException {
    try (ControlLink link = link(10_000, LONG, LONG)) {
      peer.out().write(new byte[] {0, 0, 0, 2, '{', '}'});
      assertThrows(ProtocolException.class, link::read);
      peer.shutdownOutput();
      assertThrows(EOFException.class, link::read);
    }
  }

  @Test
  void closeEndsTheWriterAndTheReaderAndTellsTheOtherSide() throws Exception {
    ControlLink link = link(10_000, LONG, LONG);
    CompletableFuture<Message> next = reading(link);
    link.close();
    assertEquals(
        List.of(),
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .filter(name -> name.startsWith("test "))
            .toList());
    assertThrows(Exception.class, () -> next.get(10, TimeUnit.SECONDS));
    assertThrows(IOException.class, this::readToTheEnd);
    link.close();
  }

  private void readToTheEnd() throws IOException {
    while (true) {
      read();
    }
  }

  private static CompletableFuture<Message> reading(ControlLink link) {
    CompletableFuture<Message> next = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            next.complete(link.read());
          } catch (IOException e) {
            next.completeExceptionally(e);
          }
        });
    return next;
  }
}
