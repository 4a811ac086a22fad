package l4proxy.server;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import l4proxy.net.Sockets;

/**
 * The places for connections that have not proven a key yet, so that strangers cannot use up the
 * server.
 *
 * <p>{@value #PLACES} in all, half of them kept for addresses that have a live control connection;
 * {@value #PER_ADDRESS} for each other address, where an IPv6 address counts by its /64. A newcomer
 * is never the one turned away: the oldest of the busiest address is. Safe from any thread.
 */
final class Handshakes {
  /** How long a stranger has for everything up to its first message: gone within 5 s. */
  static final Duration TIME = Duration.ofMillis(4_800);

  static final int PLACES = 512;
  static final int PER_ADDRESS = 32;

  /** A stranger. */
  private record Pending(Socket socket, boolean known) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<InetAddress, Set<Pending>> pending = new HashMap<>();
  private final Map<InetAddress, Integer> clients = new HashMap<>();
  private int strangers;
  private int all;
  private long dropped;

  /** One place, given back by closing it. */
  final class Place implements AutoCloseable {
    private final InetAddress network;
    private final Pending holder;

    private Place(InetAddress network, Pending holder) {
      this.network = network;
      this.holder = holder;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        remove(network, holder);
      } finally {
        lock.unlock();
      }
    }
  }

  /** Gives a place to a new connection; an older one may have to go for it. */
  Place enter(Socket socket) {
    InetAddress network = network(socket);
    lock.lock();
    try {
      boolean known = clients.containsKey(network);
      Set<Pending> same = pending.computeIfAbsent(network, n -> new LinkedHashSet<>());
      if (!known && same.size() >= PER_ADDRESS) {
        drop(network, same.iterator().next());
      } else if (all >= PLACES || !known && strangers >= PLACES / 2) {
        busiest(known).ifPresent(busy -> drop(busy, oldest(busy, known)));
      }
      Pending holder = new Pending(socket, known);
      pending.computeIfAbsent(network, n -> new LinkedHashSet<>()).add(holder);
      all++;
      strangers += known ? 0 : 1;
      return new Place(network, holder);
    } finally {
      lock.unlock();
    }
  }

  /**
   * The address with the most pending strangers; of clients only when there is no stranger to drop.
   */
  private Optional<InetAddress> busiest(boolean known) {
    return pending.entrySet().stream()
        .filter(e -> known && strangers == 0 || e.getValue().stream().anyMatch(p -> !p.known()))
        .max(Comparator.comparingInt(e -> e.getValue().size()))
        .map(Map.Entry::getKey);
  }

  private Pending oldest(InetAddress network, boolean known) {
    Set<Pending> of = pending.getOrDefault(network, Set.of());
    return of.stream().filter(p -> known && strangers == 0 || !p.known()).findFirst().orElseThrow();
  }

  private void drop(InetAddress network, Pending oldest) {
    dropped++;
    remove(network, oldest);
    Sockets.abort(oldest.socket());
  }

  private void remove(InetAddress network, Pending holder) {
    Set<Pending> same = pending.get(network);
    if (same != null && same.remove(holder)) {
      all--;
      strangers -= holder.known() ? 0 : 1;
      if (same.isEmpty()) {
        pending.remove(network);
      }
    }
  }

  /** A client at this address has a control connection from now on. */
  void joined(InetSocketAddress client) {
    count(client, 1);
  }

  /** One less. */
  void left(InetSocketAddress client) {
    count(client, -1);
  }

  private void count(InetSocketAddress client, int change) {
    lock.lock();
    try {
      clients.compute(
          network(client.getAddress()),
          (address, before) -> {
            int now = (before == null ? 0 : before) + change;
            return now == 0 ? null : now;
          });
    } finally {
      lock.unlock();
    }
  }

  /** How many have not proven anything yet. */
  int pending() {
    lock.lock();
    try {
      return all;
    } finally {
      lock.unlock();
    }
  }

  /** How many had to go for others so far. */
  long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  private static InetAddress network(Socket socket) {
    InetAddress address = socket.getInetAddress();
    return network(address == null ? InetAddress.getLoopbackAddress() : address);
  }

  /** What an address counts by: itself, or its /64. */
  static InetAddress network(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return address;
    }
    byte[] bits = address.getAddress();
    Arrays.fill(bits, 8, 16, (byte) 0);
    try {
      return InetAddress.getByAddress(bits);
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException("16 bytes are an address", e);
    }
  }
}
