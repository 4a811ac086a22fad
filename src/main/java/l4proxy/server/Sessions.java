package l4proxy.server;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import l4proxy.auth.Key;
import l4proxy.auth.Keys;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.Connection;
import l4proxy.net.Sockets;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import org.jspecify.annotations.Nullable;

/**
 * The clients that are connected: checks keys, and runs a session for each. Any thread may call it;
 * {@link #serve} returns when the client is gone.
 */
final class Sessions {
  /** Who a client without a key is, where none is needed. */
  static final Key NOBODY =
      new Key(Keys.NOBODY, "0".repeat(64), false, Optional.empty(), 0, 0, Instant.EPOCH);

  private final Shared shared;
  private final Keys keys;
  private final boolean noAuth;
  private final Handshakes handshakes;
  private final Events events;
  private final String version;
  private boolean takenOver;
  private boolean handedOver;
  private final Set<ClientSession> all = ConcurrentHashMap.newKeySet();

  Sessions(
      Shared shared,
      Keys keys,
      ServerConfig config,
      Handshakes handshakes,
      Events events,
      String version) {
    this.shared = shared;
    this.keys = keys;
    this.noAuth = config.noAuth();
    this.handshakes = handshakes;
    this.events = events;
    this.version = version;
    keys.onRevoked(this::revoked);
  }

  /** Serves a control connection until it is lost. */
  void serve(Connection connection, Message.Control hello) throws IOException {
    Optional<Key> key = key(hello.secret());
    if (key.isEmpty()) {
      reject(connection, hello.secret() == null);
      return;
    }
    ClientSession session = new ClientSession(key.get(), hello, connection, shared);
    handshakes.joined(connection.remote());
    String reason = "";
    try {
      session.welcome(version); // before it can be told anything else
      add(session);
      events.happened(
          new Event.ClientConnected(session.client(), key.get().name(), hello.version()));
      if (!key.get().equals(NOBODY) && !keys.contains(key.get())) {
        session.revoke("its key was revoked");
      }
      reason = session.run();
    } finally {
      all.remove(session);
      handshakes.left(connection.remote());
      events.happened(new Event.ClientLost(session.client(), key.get().name(), reason));
    }
  }

  private synchronized void add(ClientSession session) {
    all.add(session);
    if (takenOver) {
      session.takenOver(true);
    }
    if (handedOver) {
      session.handedOver();
    }
  }

  private Optional<Key> key(@Nullable String secret) {
    Optional<Key> found = secret == null ? Optional.empty() : keys.find(secret);
    return found.isPresent() || !noAuth ? found : Optional.of(NOBODY);
  }

  private void reject(Connection connection, boolean none) throws IOException {
    String text =
        none
            ? "this server wants a key; give one with --join, made by 'l4proxy key create' there"
            : "the server does not know this key; it was revoked or belongs to another server, "
                + "so ask for a new one, made by 'l4proxy key create' there";
    events.happened(
        new Event.StrangerDropped(
            Sockets.text(connection.remote()), none ? "no key" : "an unknown key"));
    try (connection) {
      Messages.write(connection.out(), new Message.Rejected(text, true));
      connection.shutdownOutput();
      connection.in().deadline(Duration.ofSeconds(1));
      connection.in().skipNBytes(Message.MAX);
    }
  }

  private void revoked(Key key) {
    for (ClientSession session : all) {
      if (session.key().equals(key)) {
        session.revoke("its key was revoked");
      }
    }
    shared.services().revoked(key);
  }

  /** Tells every client something. */
  void tell(Message message) {
    all.forEach(session -> session.send(message));
  }

  /** Has every client open tunnels now that cannot be had later, and waits for them. */
  void fill(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    all.forEach(session -> session.tunnels().fill());
    for (ClientSession each : all) {
      each.tunnels().awaitFilled(end);
    }
  }

  /** Another process takes the server over: every client is told to connect to it. Or not. */
  synchronized void takenOver(boolean is) {
    takenOver = is;
    all.forEach(session -> session.takenOver(is));
  }

  /**
   * Another process has taken the server over: disconnects the clients that would not connect to
   * that one otherwise.
   */
  synchronized void handedOver(String reason) {
    handedOver = true;
    all.forEach(ClientSession::handedOver);
    all.stream().filter(s -> !s.connectsAnew()).forEach(session -> session.close(reason));
  }

  /** Who is connected. */
  Set<ClientSession> all() {
    return all;
  }
}
