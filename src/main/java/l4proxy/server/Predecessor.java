package l4proxy.server;

import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import l4proxy.auth.Keys;
import l4proxy.net.HostPort;
import l4proxy.net.Sockets;

/** The server that this one takes over while it starts, or nobody. */
final class Predecessor {
  private static final long LOOK_MILLIS = 20;

  /** So long a public port waits for its client to come over. */
  private static final Duration AWAITED = Duration.ofSeconds(5);

  private final Optional<Takeover> takeover;

  Predecessor(Optional<Takeover> takeover) {
    this.takeover = takeover;
  }

  /** The forward proxies that it has. */
  List<TakeoverMessage.Proxy> forwarders() {
    return takeover.map(Takeover::forwarders).orElse(List.of());
  }

  /**
   * Listens, where it did or anew.
   *
   * @param listener as {@link TakeoverMessage} names it
   * @param option that says where
   * @throws IOException when it cannot; the message says what to do
   */
  ServerSocket bind(String listener, HostPort address, String option) throws IOException {
    try {
      return takeover.isPresent()
          ? takeover.get().bind(listener, address.resolve())
          : Sockets.listen(address.resolve());
    } catch (TakeoverException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(
          "Cannot listen on "
              + address
              + ": "
              + e.getMessage()
              + "; stop what uses it, or choose another "
              + option
              + ".",
          e);
    }
  }

  /**
   * Takes over what it still has: public ports, the state directory.
   *
   * @param closed opened when this server is to end before
   */
  void succeed(RestoredServices services, ServerState state, Leases leases, CountDownLatch closed)
      throws IOException, InterruptedException {
    if (takeover.isEmpty()) {
      return;
    }
    Takeover other = takeover.get();
    long began = System.nanoTime();
    while (!services.listenInstead(System.nanoTime() - began > AWAITED.toNanos())) {
      if (closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        return;
      }
    }
    other.finish(state.directory());
    leases.begin();
    Keys keys = state.keys();
    keys.onRevoked(key -> other.revoked(key.name()));
  }

  /** Whether it is there yet: as long as it has users it hears of who is to be ended. */
  boolean isThere() {
    return takeover.isPresent() && !takeover.get().isOver();
  }

  /**
   * Waits until it is gone, in a time of its own.
   *
   * @param closed opened when this server is to end before
   */
  void awaitEnd(CountDownLatch closed) throws InterruptedException {
    while (isThere() && !closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
      // what ends users there is passed on meanwhile
    }
  }

  /** A service was ended: the users that the other has of it end too. */
  void ended(String service) {
    takeover.ifPresent(other -> other.ended(service));
  }
}
