package l4proxy.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.http.ForwardProxy;
import l4proxy.http.ProxyAccess;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.CountedConnection;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.Traffic;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP forward proxy on a public port of the server's. {@link #close} ends its users and returns
 * when their threads are gone.
 */
final class Forwarder {
  private final String name;
  private final String displayName;
  private final ProxyAccess access;
  private final ForwardProxy proxy;
  private final AcceptLoop loop;
  private final Services services;
  private final Events events;
  private final AtomicInteger users = new AtomicInteger();
  private volatile @Nullable EndedBy closedBy;

  /** What it is called: by the API, and by people. */
  record Names(String name, String displayName) {}

  /** What its users may do, and who they are. */
  record Proxying(ProxyAccess access, ForwardProxy proxy) {}

  /**
   * Starts to accept users.
   *
   * @param services whose limits its users count against, and whose bytes theirs are counted with
   */
  Forwarder(
      Names names, ServerSocket listener, Proxying proxying, Services services, Events events) {
    this.name = names.name();
    this.displayName = names.displayName();
    this.access = proxying.access();
    this.proxy = proxying.proxy();
    this.services = services;
    this.events = events;
    this.loop = new AcceptLoop("forwarder:" + listener.getLocalPort(), listener, this::accepted);
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    long id = PublicPort.nextUser();
    Traffic traffic = new Traffic();
    Connection counted =
        new CountedConnection(new PlainConnection(socket).resetWhenLost(), services.traffic());
    try (Connection user = new CountedConnection(counted, traffic)) {
      long began = System.nanoTime();
      EndedBy reason = EndedBy.RESET;
      try {
        reason = serve(id, user);
      } finally {
        ended(id, user, reason, traffic, Duration.ofNanos(System.nanoTime() - began));
      }
    }
  }

  private EndedBy serve(long id, Connection user) throws IOException, InterruptedException {
    InetAddress from = user.remote().getAddress();
    Admission admission = services.admission();
    Optional<Admission.Place> place = admission.enter(from);
    if (place.isEmpty()) {
      user.abort();
      return EndedBy.LIMIT;
    }
    int now = users.incrementAndGet();
    int most = admission.mostPerService();
    try (var _ = place.get()) {
      if (most > 0 && now > most) {
        admission.refuse(Admission.Reason.MAX_USERS_PER_SERVICE, from);
        user.abort();
        return EndedBy.LIMIT;
      }
      proxy.serve(user, from, () -> served(id, user));
      return EndedBy.USER;
    } finally {
      users.decrementAndGet();
    }
  }

  private void served(long id, Connection user) {
    String address = Sockets.text(user.remote());
    events.happened(new Event.UserServed(id, address, servedBy(), Optional.empty()));
  }

  private void ended(long id, Connection user, EndedBy reason, Traffic traffic, Duration time) {
    EndedBy closed = closedBy;
    events.happened(
        new Event.UserEnded(
            id,
            Sockets.text(user.remote()),
            servedBy(),
            closed == null ? reason : closed,
            traffic.in(),
            traffic.out(),
            time,
            Optional.empty(),
            0));
  }

  private Event.ServedBy servedBy() {
    return new Event.ServedBy(displayName, name, "", "");
  }

  /** Its listener. */
  AcceptLoop loop() {
    return loop;
  }

  /** Who may use it. */
  ProxyAccess access() {
    return access;
  }

  /** Takes no new users. */
  void stop() {
    loop.stop();
  }

  int users() {
    return users.get();
  }

  int port() {
    return loop.port();
  }

  String name() {
    return name;
  }

  String displayName() {
    return displayName;
  }

  /** Ends it, and its users for the reason that is said. */
  void close(EndedBy reason) {
    closedBy = reason;
    loop.close();
  }
}
