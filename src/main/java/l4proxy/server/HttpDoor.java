package l4proxy.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Key;
import l4proxy.auth.Keys;
import l4proxy.http.Answer;
import l4proxy.http.OriginRequest;
import l4proxy.http.Rejection;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.Watch;
import l4proxy.wire.ProtocolException;

/**
 * A way in to the HttpServer, which itself listens on a loopback port that nobody is told of. A
 * connection counts as a handshake until its first request's head is there whole; then its requests
 * are relayed, each looked at ({@link HttpRelay}). Without a key that counts, or without a place of
 * {@link HttpPlaces}, it goes on being one, and is answered once: whoever proves nothing keeps no
 * place from those who do, and no key from others.
 */
final class HttpDoor {
  private static final Duration CONNECTING = Duration.ofSeconds(5);

  private static final Pattern BEARER =
      Pattern.compile("(?i:bearer)[ \t]+(l4p1_[A-Za-z0-9_-]{1,200})");

  private final InetSocketAddress http;
  private final Keys keys;
  private final BrowserSessions browsers;
  private final Watch watch;
  private final HttpPlaces places = new HttpPlaces();

  /**
   * A way in.
   *
   * @param http where the HttpServer listens
   * @param keys that count
   * @param browsers whose cookies count
   * @param watch sees to it that answers are taken in time
   */
  HttpDoor(InetSocketAddress http, Keys keys, BrowserSessions browsers, Watch watch) {
    this.http = http;
    this.keys = keys;
    this.browsers = browsers;
    this.watch = watch;
  }

  /** The key that a request carries, or whose session's cookie it does; empty when none counts. */
  Optional<Key> key(OriginRequest request) {
    String authorization = request.field("Authorization");
    if (authorization.isEmpty()) {
      return browsers.find(request.field("Cookie")).map(BrowserSessions.Session::key);
    }
    Matcher bearer = BEARER.matcher(authorization);
    try {
      return bearer.matches()
          ? keys.find(JoinKey.parse(bearer.group(1)).secret())
          : Optional.empty();
    } catch (IllegalArgumentException notAKey) {
      return Optional.empty();
    }
  }

  /**
   * Reads a connection's first request, within the connection's deadline. What is none is answered.
   *
   * @throws IOException when it is none, or the connection broke
   */
  OriginRequest first(Connection from) throws IOException {
    if (from.in().buffered() == 0 && !from.in().fill()) {
      throw new ProtocolException("it ended without a request");
    }
    try {
      return Objects.requireNonNull(OriginRequest.read(from.in()), "a byte is there");
    } catch (IOException broken) {
      Rejection no = HttpRelay.refusal(broken);
      Answer.problem(no).last(from, no.method());
      throw no;
    }
  }

  /**
   * Gives a connection that has proven a key its place. One that has not has its request answered,
   * all of which has to arrive within the connection's deadline.
   *
   * @return empty when it was answered, and closed
   */
  Optional<HttpPlaces.Place> enter(Connection from, OriginRequest first)
      throws IOException, InterruptedException {
    Optional<Key> key = key(first);
    if (key.isEmpty()) {
      pass(from, first, true);
      return Optional.empty();
    }
    Optional<HttpPlaces.Place> place = places.enter(key.get());
    if (place.isEmpty()) {
      try (from) {
        Answer.problem(HttpPlaces.full()).last(from, first.method());
      }
    }
    return place;
  }

  /** Relays a connection that has a place to the HttpServer, to its end. */
  void relay(Connection from, OriginRequest first, HttpPlaces.Place place)
      throws IOException, InterruptedException {
    try (place) {
      from.in().deadline(Handshakes.TIME);
      pass(from, first, false);
    }
  }

  private void pass(Connection from, OriginRequest first, boolean once)
      throws IOException, InterruptedException {
    try (from;
        Connection to = new PlainConnection(Sockets.connect(http, CONNECTING))) {
      HttpRelay relay = new HttpRelay(from, to, HttpRelay.TAKING);
      watch.add(relay);
      try {
        relay.run(first, once);
      } finally {
        watch.remove(relay);
      }
    }
  }
}
