package l4proxy.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import l4proxy.auth.Key;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.Sockets;
import l4proxy.wire.ControlLink;
import l4proxy.wire.Message;
import l4proxy.wire.ProtocolException;

/**
 * One client: its control connection, its services, its tunnels.
 *
 * <p>The control connection's own thread runs {@link #run()}, which reads messages until the
 * connection is lost; a keeper thread looks after idle tunnels once a second. When the control
 * connection is lost idle tunnels are closed; those in use are tested and go on, and services wait
 * for the client to come back. Everything else may be called from any thread.
 */
final class ClientSession {
  private static final long KEEP_MILLIS = 1000;
  private static final String STOPS = "the server stops";

  private final Key key;
  private final Message.Control hello;
  private final Connection connection;
  private final ControlLink link;
  private final Shared shared;
  private final Services services;
  private final Exposures exposures;
  private final String id;
  private final SessionTunnels tunnels;
  private final CountDownLatch over = new CountDownLatch(1);

  /** Who looks for a backend itself, by the service's instance; of the connection's own thread. */
  private final Map<String, Future<?>> direct = new HashMap<>();

  private boolean leaves;

  /** Whether another process takes the server over, and users still come here. */
  private volatile boolean needed;

  private volatile boolean draining;
  private volatile boolean connectsAnew;
  private volatile String endReason = "";

  /**
   * A control connection that proved its key.
   *
   * @param key what it proved
   * @param hello its first message
   * @param connection closed by the session
   */
  ClientSession(Key key, Message.Control hello, Connection connection, Shared shared) {
    this.key = key;
    this.hello = hello;
    this.connection = connection;
    this.shared = shared;
    this.services = shared.services();
    this.exposures = shared.exposures();
    this.tunnels = new SessionTunnels(this, shared);
    this.id = shared.tickets().draw();
    this.link = new ControlLink("client " + client(), connection, shared.watch());
  }

  /** Says that the control connection stands: a client waits for that first. */
  void welcome(String version) {
    boolean said = false;
    try {
      link.send(new Message.Welcome(version, id));
      said = true;
    } finally {
      if (!said) {
        link.close();
      }
    }
  }

  /** Reads what the client says until it is gone; returns why. */
  String run() {
    Thread keeper = Thread.ofVirtual().name("client " + client() + " keeper").unstarted(this::keep);
    try {
      keeper.start();
      link.ask();
      while (true) {
        switch (link.read()) {
          case Message.Expose asked -> expose(asked);
          case Message.Withdraw gone -> {
            services.of(this, gone.service()).ifPresent(s -> endDirect(s.instance()));
            services.withdraw(this, gone.service());
            tunnels.end(gone.service());
          }
          case Message.Health health ->
              services.of(this, health.service()).ifPresent(s -> s.standing().checked(health.up()));
          case Message.Draining leaving -> drain();
          case Message.TakenOver _ -> connectsAnew = true;
          case Message other -> throw new ProtocolException("a message out of place: " + other);
        }
      }
    } catch (IOException gone) {
      String reason =
          Thread.currentThread().isInterrupted() ? STOPS : String.valueOf(gone.getMessage());
      return endReason.isEmpty() ? reason : endReason;
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
      return STOPS;
    } finally {
      over.countDown();
      keeper.interrupt();
      lost();
    }
  }

  private void expose(Message.Expose asked) throws InterruptedException {
    if (needed) {
      return; // it has been told to ask the other process, and could have no tunnels here
    }
    Message answer = exposures.expose(this, asked);
    if (!(answer instanceof Message.Exposed relay)) {
      link.send(answer);
      return;
    }
    endDirect(asked.instance());
    if (asked.backendPort() == 0) {
      link.send(answer);
    } else {
      Runnable looking = new DirectAddress(this, asked, relay, shared);
      direct.put(asked.instance(), shared.direct().start(looking));
    }
    services
        .of(this, asked.service())
        .ifPresent(service -> tunnels.begin(asked.service(), service.tunnels()));
  }

  private void endDirect(String instance) {
    Future<?> looking = direct.remove(instance);
    if (looking != null) {
      looking.cancel(true);
    }
  }

  private void lost() {
    direct.values().forEach(looking -> looking.cancel(true));
    try {
      services.lost(this);
    } finally {
      link.close();
      tunnels.lost();
    }
  }

  private void keep() {
    try {
      while (!over.await(KEEP_MILLIS, TimeUnit.MILLISECONDS)) {
        keepTunnels();
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private void keepTunnels() {
    try {
      tunnels.keep();
    } catch (OutOfMemoryError e) {
      // a second later there may be some
    }
  }

  /**
   * The client takes no new users. Its tunnels are closed, each when it is idle: so it knows by
   * their end that no user is on the way to it any more. While another process takes the server
   * over, users come here whom its next process cannot reach: until they do not, it is kept.
   */
  private synchronized void drain() {
    leaves = true;
    if (!needed) {
      leave();
    }
  }

  private void leave() {
    draining = true;
    services.lost(this);
    tunnels.drain();
  }

  /** Whether the client gives a sign of life within the time. */
  boolean probe(Duration time) throws InterruptedException {
    long asked = System.nanoTime();
    link.ask();
    while (link.lastRead() - asked < 0 && System.nanoTime() - asked < time.toNanos()) {
      if (over.await(20, TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    return link.lastRead() - asked >= 0;
  }

  /** Tells the client something. */
  void send(Message message) {
    link.send(message);
  }

  /** Ends the control connection; users go on. */
  void close(String reason) {
    endReason = reason;
    connection.close();
  }

  /** Ends the control connection and every tunnel: the key is not good any more. */
  void revoke(String reason) {
    close(reason);
    tunnels.abort();
  }

  /** Waits for the end of the control connection; false when it did not come in time. */
  boolean isOverWithin(Duration time) throws InterruptedException {
    return over.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** What its tunnels name. */
  boolean isNamed(String session) {
    return id.equals(session);
  }

  Key key() {
    return key;
  }

  /** Whether the control connection is gone. */
  boolean over() {
    return over.getCount() == 0;
  }

  boolean draining() {
    return draining;
  }

  /** Where the control connection comes from. */
  InetSocketAddress remote() {
    return connection.remote();
  }

  String client() {
    return Sockets.text(connection.remote());
  }

  String version() {
    return hello.version();
  }

  /** 128 random bits of the client's process. */
  String process() {
    return hello.process();
  }

  /**
   * Host of its public addresses when the server was not given one: what the client dialled, if it
   * is a name or address.
   */
  String dialled() {
    try {
      return HostPort.parse(hello.dialled(), 1).host();
    } catch (IllegalArgumentException notAName) {
      return Sockets.text(connection.local().getAddress());
    }
  }

  long roundTripNanos() {
    return link.roundTripNanos();
  }

  /** Somebody ended one of its services: the client is told. */
  void ended(int service) {
    tunnels.end(service);
    link.send(new Message.Ended(service));
  }

  /** Another process takes the server over, where no more tunnels arrive; or it does not. */
  synchronized void takenOver(boolean is) {
    needed = is;
    tunnels.takenOver(is);
    if (is) {
      link.send(new Message.TakenOver());
    } else if (leaves) {
      leave();
    }
  }

  /** Another process has taken the server over: no more users come here. */
  synchronized void handedOver() {
    needed = false;
    if (leaves) {
      leave();
    }
  }

  /** Whether the client connects to the other process without being disconnected here. */
  boolean connectsAnew() {
    return connectsAnew;
  }

  /** Its tunnels, idle and in use. */
  SessionTunnels tunnels() {
    return tunnels;
  }
}
