package l4proxy.server;

import java.net.InetAddress;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.Sockets;
import org.jspecify.annotations.Nullable;

/**
 * Who may be a user: keeps a server's limits, over all its public ports.
 *
 * <p>Whoever is admitted has a place, given back by closing it. An IPv6 address counts by its /64.
 * An address is remembered while it has users, and for the second after that in which its newcomers
 * count. Those turned away are counted by reason, and told of once a second at most. Any thread;
 * {@link #tick()} comes with the watch's.
 */
final class Admission {
  /** Addresses without users that are remembered; with more, all of those start afresh. */
  static final int MOST_IDLE = 50_000;

  private static final double SECOND = 1e9;

  /** Why somebody is turned away: the option that says so. */
  enum Reason {
    DENY,
    ALLOW,
    MAX_USERS,
    MAX_USERS_PER_IP,
    MAX_USERS_PER_SERVICE,
    USER_RATE_PER_IP;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What is known of one address. */
  private static final class Address {
    private int users;
    private double newcomers;
    private long filledAt;
  }

  private final Limits limits;
  private final Events events;
  private final LongSupplier clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<InetAddress, Address> addresses = new HashMap<>();
  private final Map<Reason, Long> refused = new EnumMap<>(Reason.class);
  private final Map<Reason, Long> untold = new EnumMap<>(Reason.class);
  private String last = "";
  private long toldAt;
  private int users;

  Admission(Limits limits, Events events, LongSupplier clock) {
    this.limits = limits;
    this.events = events;
    this.clock = clock;
    this.toldAt = clock.getAsLong() - (long) SECOND;
  }

  /** A user's place, given back once, however often it is closed. */
  final class Place implements AutoCloseable {
    private final InetAddress network;
    private boolean left;

    private Place(InetAddress network) {
      this.network = network;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (!left) {
          left = true;
          leave(network);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** How many users one service may have at once, 0 for no bound; its public port sees to it. */
  int mostPerService() {
    return limits.maxUsersPerService();
  }

  /** Gives a newcomer a place, or none. */
  Optional<Place> enter(InetAddress from) {
    InetAddress network = Handshakes.network(from);
    Reason reason;
    lock.lock();
    try {
      reason = reason(from, network);
      if (reason == null) {
        Optional<Place> place = Optional.of(new Place(network));
        users++;
        if (countsAddresses()) {
          Address address = address(network);
          address.users++;
          address.newcomers--;
        }
        return place;
      }
    } finally {
      lock.unlock();
    }
    refuse(reason, from);
    return Optional.empty();
  }

  private @Nullable Reason reason(InetAddress from, InetAddress network) {
    if (limits.deny().isPresent() && limits.deny().get().contains(from)) {
      return Reason.DENY;
    }
    if (limits.allow().isPresent() && !limits.allow().get().contains(from)) {
      return Reason.ALLOW;
    }
    if (limits.maxUsers() > 0 && users >= limits.maxUsers()) {
      return Reason.MAX_USERS;
    }
    Address address = addresses.get(network);
    if (address == null) {
      return null;
    }
    if (limits.maxUsersPerIp() > 0 && address.users >= limits.maxUsersPerIp()) {
      return Reason.MAX_USERS_PER_IP;
    }
    return limits.userRatePerIp() > 0 && filled(address) < 1 ? Reason.USER_RATE_PER_IP : null;
  }

  private boolean countsAddresses() {
    return limits.maxUsersPerIp() > 0 || limits.userRatePerIp() > 0;
  }

  private Address address(InetAddress network) {
    Address known = addresses.get(network);
    if (known != null) {
      return known;
    }
    if (addresses.size() >= users + MOST_IDLE) {
      addresses.values().removeIf(each -> each.users == 0);
    }
    Address address = new Address();
    address.newcomers = limits.userRatePerIp();
    address.filledAt = clock.getAsLong();
    addresses.put(network, address);
    return address;
  }

  /** How many more may come from there now; a second's worth at most. */
  private double filled(Address address) {
    long now = clock.getAsLong();
    double more = (now - address.filledAt) / SECOND * limits.userRatePerIp();
    address.newcomers = Math.min(limits.userRatePerIp(), address.newcomers + more);
    address.filledAt = now;
    return address.newcomers;
  }

  private void leave(InetAddress network) {
    users--;
    Address address = addresses.get(network);
    if (address != null) {
      address.users--;
      if (isForgotten(address)) {
        addresses.remove(network);
      }
    }
  }

  private boolean isForgotten(Address address) {
    return address.users == 0
        && (limits.userRatePerIp() == 0 || filled(address) >= limits.userRatePerIp());
  }

  /** Somebody is turned away. */
  void refuse(Reason reason, InetAddress from) {
    lock.lock();
    try {
      refused.merge(reason, 1L, Long::sum);
      untold.merge(reason, 1L, Long::sum);
      last = Sockets.text(from);
    } finally {
      lock.unlock();
    }
    tell();
  }

  /** Forgets who need not be remembered, and tells what is still to be told. */
  void tick() {
    lock.lock();
    try {
      addresses.values().removeIf(this::isForgotten);
    } finally {
      lock.unlock();
    }
    tell();
  }

  private void tell() {
    String text;
    lock.lock();
    try {
      long now = clock.getAsLong();
      if (untold.isEmpty() || now - toldAt < SECOND) {
        return;
      }
      toldAt = now;
      String reasons =
          untold.entrySet().stream()
              .map(each -> each.getValue() + " by --" + each.getKey())
              .collect(Collectors.joining(", "));
      text = "users turned away: " + reasons + "; the last one came from " + last;
      untold.clear();
    } finally {
      lock.unlock();
    }
    events.happened(new Event.Warned(text));
  }

  /** How many were turned away so far. */
  Map<Reason, Long> refused() {
    lock.lock();
    try {
      return new EnumMap<>(refused);
    } finally {
      lock.unlock();
    }
  }

  /** How many places are taken. */
  int users() {
    lock.lock();
    try {
      return users;
    } finally {
      lock.unlock();
    }
  }

  /** How many addresses are remembered. */
  int addresses() {
    lock.lock();
    try {
      return addresses.size();
    } finally {
      lock.unlock();
    }
  }
}
