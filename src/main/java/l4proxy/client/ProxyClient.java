package l4proxy.client;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.Heap;
import l4proxy.net.HostPort;
import l4proxy.net.Traffic;
import l4proxy.net.Watch;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * The client: keeps its services reachable through a server, for ever.
 *
 * <p>{@link #run()} connects, serves until the control connection is lost, waits, and connects
 * again; it ends only by {@link #drain}, {@link #close()}, or a refusal that cannot heal before the
 * client ever was connected. Users on their tunnels outlive a lost control connection. {@link
 * #close()} returns when all threads are gone.
 */
public final class ProxyClient implements AutoCloseable {
  /**
   * Tunnels opened at the same time: each costs both ends a TLS handshake, and the first are soon
   * there and used again; more would all be late.
   */
  private static final int OPENING = 16;

  private static final long LOOK_MILLIS = 50;

  /** Who is told where a service can be reached. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A service is reachable, for the first time or at another address than before.
     *
     * @param service which
     * @param publicAddress where
     */
    void reachable(ServiceConfig service, HostPort publicAddress);
  }

  private final ClientConfig config;
  private final Trust trust;
  private final Listener listener;
  private final Events events;
  private final String version;
  private final Watch watch = new Watch();
  private final Services services;
  private final ServerDialer dialer;
  private final Instances instances;
  private final Reconfiguration reconfiguration;
  private final String process;
  private final Semaphore opening = new Semaphore(OPENING, true);

  /** Tunnels that were asked for, over whichever session, and are not open yet. */
  private final AtomicInteger asked = new AtomicInteger();

  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("tunnel ", 1).factory());
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final EarlierSessions before = new EarlierSessions(this);
  private final Connecting connecting = new Connecting(this, stopped);
  private volatile boolean draining;
  private volatile boolean wasConnected;
  private volatile @Nullable RefusedException end;

  /**
   * A client that does nothing yet.
   *
   * @param config what it is to do
   * @param trust how it and the server know each other
   * @param listener told where services can be reached
   * @param events told what happens
   * @param version what it calls itself
   * @throws IOException when a forward proxy of its own finds no loopback port
   */
  public ProxyClient(
      ClientConfig config, Trust trust, Listener listener, Events events, String version)
      throws IOException {
    this.config = config;
    this.trust = trust;
    this.listener = listener;
    this.events = events;
    this.version = version;
    this.services =
        new Services(
            config.forwarder().isPresent()
                ? new InProcessProxy(config.forwarder().get(), watch)
                : null);
    this.dialer = new ServerDialer(config.server(), trust.expected());
    this.instances = new Instances(config.stateDir(), events);
    this.process = instances.draw();
    this.reconfiguration =
        new Reconfiguration(
            services, wanted -> instances.take(config.server().toString(), wanted), this);
    watch.add(services.traffic()::tick);
    Heap.watchedBy(watch);
  }

  /**
   * Goes over to other services: those not wanted any more are withdrawn, and their users may
   * finish; new ones are exposed. A changed one is exposed anew as the same, its public port open
   * all the while, unless it is to have another: new users find it changed, users it has do not
   * notice. Until the server has accepted it, and when it refuses it, it goes on as it was.
   * Whatever is wanted as it was is left alone, and so is what was ended on the server. Called by
   * one thread at a time.
   *
   * @param wanted all that is to be exposed from now on
   * @param outcome told, once, when the server has answered everything: the names of the services
   *     that it refused; by any thread, and not at all when others are wanted before
   */
  public void reconfigure(List<ServiceConfig> wanted, Consumer<List<String>> outcome) {
    begin();
    reconfiguration.to(wanted, outcome);
  }

  /**
   * Keeps connected until drained or closed.
   *
   * @throws RefusedException when the server, never connected to before, says no for good
   * @throws InterruptedException when interrupted
   */
  public void run() throws RefusedException, InterruptedException {
    connecting.run();
    stopped.await();
    RefusedException why = end;
    if (why != null) {
      throw why;
    }
  }

  /**
   * Takes no new users, lets those there are finish, and ends {@link #run()}.
   *
   * @param time how long at most
   * @throws InterruptedException when the caller is to give up
   */
  public void drain(Duration time) throws InterruptedException {
    draining = true;
    ServerSession now = session();
    if (now != null) {
      now.leave();
    }
    before.leave();
    instances.close(); // a process started from now on is this client come back
    long began = System.nanoTime();
    while (unfinished() && System.nanoTime() - began < time.toNanos()) {
      if (stopped.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        return;
      }
    }
    stopped.countDown();
    disconnect();
  }

  /**
   * Whether a user is on, or may be on the way: the server closes each tunnel that it will not use
   * any more.
   */
  private boolean unfinished() {
    return session() == null && before.isEmpty() ? services.users() > 0 : services.tunnels() > 0;
  }

  @Override
  public void close() {
    stopped.countDown();
    disconnect();
    threads.shutdownNow();
    threads.close();
    InProcessProxy inProcess = services.inProcess();
    if (inProcess != null) {
      inProcess.close();
    }
    watch.close();
    instances.close();
  }

  private void disconnect() {
    reconnect();
    before.close();
  }

  /** Gives the control connection up and connects anew; users go on. */
  public void reconnect() {
    ServerSession now = session();
    if (now != null) {
      now.close();
    }
  }

  /**
   * How many users are on now.
   *
   * @return tunnels that carry a user
   */
  public int users() {
    return services.users();
  }

  /**
   * How it gets on now.
   *
   * @return figures of this moment
   */
  public Progress progress() {
    ServerSession now = session();
    Traffic traffic = services.traffic();
    return new Progress(
        now != null,
        services.users(),
        traffic.speedIn(),
        traffic.speedOut(),
        now == null ? Optional.empty() : now.roundTrip());
  }

  /** Has its services to expose from now on; may wait for the process that has them. */
  void begin() {
    reconfiguration.begin(config.services());
  }

  /** A service can be reached. */
  void reachable(Service service, HostPort address, int relayPort) {
    wasConnected = true;
    if (service.reachable(address, relayPort)) {
      listener.reachable(service.config(), address);
    }
  }

  /** Somebody ended a service on the server: it is not exposed again. */
  void ended(Service service) throws RefusedException {
    reconfiguration.ended(service);
    String text = "Service " + service.config().name() + " was ended on the server";
    if (services.configured().isEmpty() && !reconfiguration.isAdding()) {
      wasConnected = false; // nothing is left to come back for
      throw new RefusedException(text + "; start this client again to expose it again.");
    }
    events.happened(new Event.Warned(text + "; the others go on."));
  }

  /** Nothing is left to do, says a process of the server that was taken over: {@link #run} ends. */
  void over(RefusedException why) {
    end = why;
    stopped.countDown();
    disconnect();
  }

  /** The server accepted a service; which that is, null when it is not wanted any more. */
  @Nullable Service accepted(int number) {
    return reconfiguration.accepted(number);
  }

  /** The server refused a service; whether that has been dealt with. */
  boolean refused(Message.Refused no, String text) {
    return reconfiguration.refused(no, text);
  }

  /** Tells every process of the server there is that a service is not wanted any more. */
  void withdraw(Service service) {
    ServerSession now = session();
    if (now != null) {
      now.withdraw(service);
    }
    before.withdraw(service);
  }

  /** The control connection there is now, if there is one. */
  @Nullable ServerSession session() {
    return connecting.session();
  }

  /** The control connections before that one, which have users yet. */
  EarlierSessions before() {
    return before;
  }

  /** Whether it takes no new users any more. */
  boolean draining() {
    return draining;
  }

  boolean wasConnected() {
    return wasConnected;
  }

  void note(String text) {
    events.happened(new Event.Noted(text));
  }

  void happened(Event event) {
    events.happened(event);
  }

  ClientConfig config() {
    return config;
  }

  Trust trust() {
    return trust;
  }

  Services services() {
    return services;
  }

  ServerDialer dialer() {
    return dialer;
  }

  Watch watch() {
    return watch;
  }

  Semaphore opening() {
    return opening;
  }

  AtomicInteger asked() {
    return asked;
  }

  ExecutorService threads() {
    return threads;
  }

  String version() {
    return version;
  }

  /** 128 random bits of this process. */
  String process() {
    return process;
  }
}
