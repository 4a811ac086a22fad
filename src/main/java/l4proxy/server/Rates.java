package l4proxy.server;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import l4proxy.auth.Key;
import l4proxy.auth.Keys;
import l4proxy.net.Connection;
import l4proxy.net.PacedConnection;
import l4proxy.net.TokenBucket;

/** How fast the users of a key go, all of them together, each direction by itself. Any thread. */
final class Rates {
  private record Rate(TokenBucket in, TokenBucket out) {}

  private final Keys keys;
  private final Map<Key, Rate> limited = new ConcurrentHashMap<>();

  Rates(Keys keys) {
    this.keys = keys;
    keys.onRevoked(limited::remove);
  }

  /** A user's connection, kept to the rate of a key, if that has one. */
  Connection paced(String key, Connection user) {
    Optional<Key> known = keys.named(key).filter(each -> each.limitRate() > 0);
    if (known.isEmpty()) {
      return user;
    }
    Rate rate = limited.computeIfAbsent(known.get(), Rates::rate);
    return new PacedConnection(user, rate.in(), rate.out());
  }

  private static Rate rate(Key key) {
    return new Rate(new TokenBucket(key.limitRate()), new TokenBucket(key.limitRate()));
  }
}
