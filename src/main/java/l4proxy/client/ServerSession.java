package l4proxy.client;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import l4proxy.auth.JoinKey;
import l4proxy.events.Event;
import l4proxy.net.Backoff;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.TlsConnection;
import l4proxy.wire.ControlLink;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;
import l4proxy.wire.ProtocolException;

/**
 * One control connection to the server, from connecting to its loss: exposes the services, has the
 * {@link AskedTunnels tunnels} opened that the server asks for.
 *
 * <p>The client's thread runs {@link #connect} and {@link #run}. {@link #close()} comes from any
 * thread.
 */
final class ServerSession implements AutoCloseable {
  /** One attempt, from the look-up of the name to the server's welcome. */
  static final Duration ATTEMPT = Duration.ofSeconds(3);

  private final ProxyClient client;
  private final ServerDialer dialer;
  private final Services services;
  private final ControlLink link;
  private final CountDownLatch over = new CountDownLatch(1);
  private final Set<Integer> again = ConcurrentHashMap.newKeySet();
  private final Map<Integer, Backoff> retries = new ConcurrentHashMap<>();

  /** What was said of each refusal last: a reason is said once. */
  private final Map<Integer, String> refusals = new ConcurrentHashMap<>();

  private final HealthChecks checks;
  private final AskedTunnels tunnels;

  /**
   * The server has been asked for all there was, and hears of changes; under the services' lock.
   */
  private boolean exposed;

  private ServerSession(ProxyClient client, Connection connection, String id) {
    this.client = client;
    this.dialer = client.dialer();
    this.services = client.services();
    this.tunnels = new AskedTunnels(client, connection.remote(), id);
    this.link = new ControlLink("control", connection, client.watch());
    this.checks = new HealthChecks(client, link::send, over);
  }

  /** Connects and proves the key. */
  static ServerSession connect(ProxyClient client, Optional<JoinKey> key, String host)
      throws IOException, RefusedException {
    TlsConnection connection = client.dialer().dial(ATTEMPT);
    boolean welcome = false;
    try {
      String secret = key.map(JoinKey::secret).orElse(null);
      Messages.write(
          connection.out(), new Message.Control(secret, client.version(), host, client.process()));
      String id =
          switch (Messages.read(connection.in())) {
            case Message.Welcome yes -> yes.session();
            case Message.Rejected no -> throw rejected(client.dialer(), no);
            case null, default -> throw new ProtocolException("an answer out of place");
          };
      ServerSession made = new ServerSession(client, connection, id);
      welcome = true;
      return made;
    } finally {
      if (!welcome) {
        connection.close();
      }
    }
  }

  private static IOException rejected(ServerDialer dialer, Message.Rejected no)
      throws RefusedException {
    String text = "The server at " + dialer + " says no: " + no.text() + ".";
    if (no.lasting()) {
      throw new RefusedException(text);
    }
    return new IOException(text);
  }

  /**
   * Exposes the services and does what the server asks until the connection is lost; returns when
   * another process takes the server over. Then {@link #runOut} is to follow.
   */
  void run() throws IOException, RefusedException {
    boolean takenOver = false;
    try {
      link.ask();
      exposeAll();
      serve();
      takenOver = true;
      link.send(new Message.TakenOver());
    } finally {
      if (!takenOver) {
        end();
      }
    }
  }

  /** Does what the server still asks, for the users there are, until the connection is lost. */
  void runOut() throws IOException, RefusedException {
    try {
      while (true) {
        serve();
      }
    } finally {
      end();
    }
  }

  /** Closes, and lets the tunnels go that nobody uses. */
  void end() {
    close();
    tunnels.sessionLost();
  }

  /** Does what the server asks until it says that it is taken over. */
  private void serve() throws IOException, RefusedException {
    while (true) {
      switch (link.read()) {
        case Message.Exposed yes -> exposed(yes);
        case Message.Refused no -> refused(no);
        case Message.Ended ended -> ended(ended.service());
        case Message.Tunnels wanted -> tunnels.open(wanted);
        case Message.Draining _ -> client.note("the server drains: it takes no new users");
        case Message.TakenOver _ -> {
          return;
        }
        case Message other -> throw new ProtocolException("a message out of place: " + other);
      }
    }
  }

  private void exposeAll() {
    services.lock().lock();
    try {
      exposed = true;
      services.configured().forEach(service -> exposeAgain(service.number()));
    } finally {
      services.lock().unlock();
    }
  }

  /**
   * Asks the server for a service, or for what changed of it; before {@link #run} that is left to
   * it, which asks for each as it is then. Under the lock of the services.
   */
  void expose(Service service) {
    if (exposed) {
      link.send(service.exposure());
      checks.asked(service);
    }
  }

  /** Tells the server that a service is not wanted any more. */
  void withdraw(Service service) {
    retries.remove(service.number());
    refusals.remove(service.number());
    link.send(new Message.Withdraw(service.number()));
  }

  private void exposed(Message.Exposed yes) {
    retries.remove(yes.service());
    refusals.remove(yes.service());
    Service service = client.accepted(yes.service());
    if (service != null) {
      client.reachable(service, new HostPort(yes.host(), yes.port()), yes.relayPort());
      checks.exposed(service);
    }
  }

  private void ended(int number) throws RefusedException {
    Service service = services.configured(number);
    if (service != null) {
      client.ended(service);
    }
  }

  private void refused(Message.Refused no) throws RefusedException {
    Service service = services.configured(no.service());
    if (service == null) {
      return; // withdrawn meanwhile
    }
    String text = "The server at " + dialer + " refused the service: " + no.text() + ".";
    if (client.refused(no, text)) {
      return;
    }
    if (no.lasting() && !client.wasConnected()) {
      throw new RefusedException(text);
    }
    if (!text.equals(refusals.put(no.service(), text))) {
      client.happened(new Event.Warned(text + " Trying again."));
    }
    Backoff backoff = retries.computeIfAbsent(no.service(), s -> new Backoff(new SecureRandom()));
    Duration pause = backoff.next(Duration.ofSeconds(1));
    if (again.add(no.service())) {
      Thread.ofVirtual().name("expose again").start(() -> again(service, pause));
    }
  }

  private void again(Service service, Duration pause) {
    try {
      if (!over.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
        again.remove(service.number());
        exposeAgain(service.number());
      }
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    }
  }

  private void exposeAgain(int number) {
    services.lock().lock();
    try {
      Service now = services.latest(number);
      if (now != null) {
        expose(now);
      }
    } finally {
      services.lock().unlock();
    }
  }

  /** How long the last heartbeat took to be answered; empty before the first answer. */
  Optional<Duration> roundTrip() {
    long nanos = link.roundTripNanos();
    return nanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanos));
  }

  /** Tells the server to send no new users. */
  void leave() {
    link.send(new Message.Draining());
  }

  @Override
  public void close() {
    over.countDown();
    link.close();
  }
}
