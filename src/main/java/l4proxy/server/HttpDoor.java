package l4proxy.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.JoinKey;
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
 * are relayed, each looked at ({@link HttpRelay}). Without a key that counts it goes on being one,
 * and is answered once: whoever proves nothing keeps no place from those who do.
 */
final class HttpDoor {
  private static final Duration CONNECTING = Duration.ofSeconds(5);

  private static final Pattern BEARER =
      Pattern.compile("(?i:bearer)[ \t]+(l4p1_[A-Za-z0-9_-]{1,200})");

  private final InetSocketAddress http;
  private final Keys keys;
  private final BrowserSessions browsers;
  private final Watch watch;

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

  /** Whether a request carries a key, or a session's cookie, that counts. */
  boolean proven(OriginRequest request) {
    String authorization = request.field("Authorization");
    if (authorization.isEmpty()) {
      return browsers.find(request.field("Cookie")).isPresent();
    }
    Matcher bearer = BEARER.matcher(authorization);
    try {
      return bearer.matches() && keys.find(JoinKey.parse(bearer.group(1)).secret()).isPresent();
    } catch (IllegalArgumentException notAKey) {
      return false;
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

  /** Relays a connection that has proven a key to the HttpServer, to its end. */
  void relay(Connection from, OriginRequest first) throws IOException, InterruptedException {
    from.in().deadline(Handshakes.TIME);
    pass(from, first, false);
  }

  /** Has one request answered; all of it has to arrive within the connection's deadline. */
  void answerOnce(Connection from, OriginRequest first) throws IOException, InterruptedException {
    pass(from, first, true);
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
