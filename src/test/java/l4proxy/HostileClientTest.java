package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import l4proxy.auth.Grant;
import l4proxy.auth.JoinKey;
import l4proxy.events.Event;
import l4proxy.net.PortRanges;
import l4proxy.wire.Message;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A client with a good key that wants what is not its own, or more than its share: it is told no,
 * and a user of another client is served all the while.
 */
@Timeout(90)
final class HostileClientTest {
  private static final int SERVICES = 5;
  private static final int FLOOD = 2_000;

  @TempDir Path directory;

  private EchoBackend backend;
  private ProxyPair pair;
  private JoinKey key;

  @BeforeEach
  void start() throws Exception {
    backend = new EchoBackend();
    pair = new ProxyPair(directory, backend.address());
    key =
        pair.keys()
            .create(
                "evil", new Grant(false, Optional.of(PortRanges.parse("20000-20999")), SERVICES, 0))
            .joinKey();
  }

  @AfterEach
  void othersWereServedAllTheWhile() throws Exception {
    try (EchoBackend _ = backend;
        ProxyPair _ = pair;
        Socket user = pair.user()) {
      user.getOutputStream().write(3);
      assertEquals(3, user.getInputStream().read());
      assertTrue(
          pair.events().of(Event.ServerLost.class).isEmpty(), pair.events().all().toString());
    }
  }

  private static Message.Expose expose(int service, String instance, int port, int lastPort) {
    return new Message.Expose(service, "evil", "b", instance, port, lastPort, false, null, 0, null);
  }

  /** The next answer about a service. */
  private static Message answer(FakeClient client) throws IOException {
    Message next = client.next();
    while (next instanceof Message.Tunnels) {
      next = client.next();
    }
    return next;
  }

  private static String refused(FakeClient client, Message.Expose asked) throws IOException {
    client.send(asked);
    return assertInstanceOf(Message.Refused.class, answer(client)).text();
  }

  @Test
  void portsOfOthersAreNotGiven() throws Exception {
    try (FakeClient evil = new FakeClient(pair, key);
        FakeClient sameKeyAsTheVictim = new FakeClient(pair)) {
      int victims = pair.publicPort();
      int control = pair.server().controlAddress().port();
      String instance = FakeClient.id();
      assertTrue(refused(evil, expose(0, instance, victims, 0)).contains("port " + victims));
      assertTrue(refused(evil, expose(0, instance, control, 0)).contains("port " + control));
      assertTrue(refused(evil, expose(0, instance, 22, 0)).contains("port 22"));
      evil.send(expose(0, instance, 0, victims)); // "I had that port before"
      Message.Exposed other = assertInstanceOf(Message.Exposed.class, answer(evil));
      assertNotEquals(victims, other.port());
      assertTrue(other.port() >= 20_000 && other.port() <= 20_999, "port " + other.port());
      String theirs = refused(sameKeyAsTheVictim, expose(0, FakeClient.id(), victims, 0));
      assertTrue(theirs.contains("held by another client"), theirs);
    }
  }

  /** Each time it is told whether its backend answers itself, by a thread that goes on asking. */
  @Test
  void serviceExposedAgainAndAgainHasOneThreadThatAsks() throws Exception {
    try (FakeClient evil = new FakeClient(pair, key)) {
      String instance = FakeClient.id();
      int answers = backend.address().port();
      for (int time = 0; time < FLOOD / 10; time++) {
        evil.send(
            new Message.Expose(time, "evil", "b", instance, 0, 0, false, null, answers, null));
        assertInstanceOf(Message.Exposed.class, answer(evil));
      }
      Awaitility.await()
          .until(
              () -> LeakCheck.threads().stream().filter(t -> t.startsWith("direct ")).count() == 1);
    }
  }

  /** An instance id is a secret of its client's, and worth nothing with another key. */
  @Test
  void instanceOfAnotherKeyIsNotTakenOver() throws Exception {
    String instance = FakeClient.id();
    try (FakeClient victim = new FakeClient(pair);
        FakeClient evil = new FakeClient(pair, key)) {
      victim.send(expose(0, instance, 0, 0));
      Message.Exposed own = assertInstanceOf(Message.Exposed.class, answer(victim));
      evil.send(expose(0, instance, 0, own.port()));
      Message.Exposed other = assertInstanceOf(Message.Exposed.class, answer(evil));
      assertNotEquals(own.port(), other.port());
      assertNotEquals(own.name(), other.name());
      victim.send(expose(0, instance, 0, 0));
      assertEquals(own.port(), assertInstanceOf(Message.Exposed.class, answer(victim)).port());
    }
  }

  @Test
  void floodOfExposuresGetsNoMoreThanTheKeyAllows() throws Exception {
    int before = pair.server().view().load().services();
    try (FakeClient evil = new FakeClient(pair, key)) {
      Thread flood =
          Thread.ofVirtual()
              .name("test flood")
              .start(() -> {
                try {
                  for (int i = 0; i < FLOOD; i++) {
                    evil.send(expose(i, FakeClient.id(), 0, 0));
                  }
                } catch (IOException closed) {
                  // the answers will be missing
                }
              });
      int granted = 0;
      for (int i = 0; i < FLOOD; i++) {
        switch (answer(evil)) {
          case Message.Exposed yes -> granted++;
          case Message.Refused no ->
              assertTrue(no.text().contains("may expose " + SERVICES), no.text());
          case Message other -> throw new AssertionError(other.toString());
        }
        if (i % 500 == 0) {
          try (Socket user = pair.user()) {
            user.getOutputStream().write(i);
            assertEquals(i & 0xff, user.getInputStream().read());
          }
        }
      }
      flood.join();
      assertEquals(SERVICES, granted);
      assertEquals(before + SERVICES, pair.server().view().load().services());
    }
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> pair.server().view().load().clients() == 1);
  }

  /** Who never listens is let go: the server keeps no more than 10,000 answers for it. */
  @Test
  void whoeverFloodsAndNeverListensIsLetGo() throws Exception {
    try (FakeClient evil = new FakeClient(pair, key)) {
      long sent = 0;
      try {
        while (sent < 3_000_000) {
          evil.send(new Message.Heartbeat(sent));
          sent++;
        }
        throw new AssertionError("still there after " + sent + " messages");
      } catch (IOException letGo) {
        assertTrue(sent > 10_000, "let go after " + sent + " messages");
      }
    }
  }

  /** A reader that always finds more to read never waits, and would keep its carrier for good. */
  @Test
  void whoeverFloodsWithoutAPauseHoldsUpNobody() throws Exception {
    byte[] message = "\0\0\0\u000c{\"type\":\"x\"}".getBytes(StandardCharsets.US_ASCII);
    byte[] many = new byte[4096 * message.length];
    for (int i = 0; i < many.length; i++) {
      many[i] = message[i % message.length];
    }
    try (FakeClient evil = new FakeClient(pair, key);
        FakeClient worse = new FakeClient(pair, key)) {
      List<Thread> floods = List.of(flood(evil, many), flood(worse, many));
      for (int i = 0; i < 20; i++) {
        try (Socket user = pair.user()) {
          user.setSoTimeout(20_000);
          user.getOutputStream().write(i);
          assertEquals(i, user.getInputStream().read());
        }
        Thread.sleep(100); // a user's pace
      }
      assertTrue(floods.stream().allMatch(Thread::isAlive), "the server let go of a flood");
      evil.close();
      worse.close();
      for (Thread each : floods) {
        each.join();
      }
    }
  }

  private static Thread flood(FakeClient evil, byte[] messages) {
    return Thread.ofPlatform()
        .name("test flood")
        .start(() -> {
          try {
            while (true) {
              evil.sendRaw(messages);
            }
          } catch (IOException closed) {
            // the test is over
          }
        });
  }
}
