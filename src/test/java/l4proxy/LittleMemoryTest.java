package l4proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.client.ClientConfig;
import l4proxy.client.ProxyClient;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Trust;
import l4proxy.events.Event;
import l4proxy.net.HostPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client whose memory is full for a moment goes on when there is some again. */
@Timeout(60)
final class LittleMemoryTest {
  @TempDir Path directory;

  private final AtomicInteger attempts = new AtomicInteger();
  private final CountDownLatch reachable = new CountDownLatch(1);

  /** The first attempt finds no memory for what it brings, nor any to say so. */
  private void happened(Event event) {
    if (event instanceof Event.ServerConnected) {
      attempts.incrementAndGet();
    }
    if (attempts.get() == 1) {
      throw new OutOfMemoryError("what somebody else took");
    }
  }

  @Test
  void clientThatFindsNoMemoryForAMomentConnectsAnew() throws Exception {
    ServiceConfig service = ServiceConfig.of("echo", new HostPort("127.0.0.1", 9), 0);
    try (FakeServer server = new FakeServer();
        ProxyClient client =
            new ProxyClient(
                new ClientConfig(server.address(), List.of(service), directory),
                new Trust(Optional.empty(), Optional.empty(), pin -> {}),
                (which, where) -> reachable.countDown(),
                this::happened,
                "test")) {
      ProxyPair.start(client);
      assertTrue(reachable.await(10, TimeUnit.SECONDS), "it has ended");
      assertEquals(2, attempts.get());
    }
  }
}
