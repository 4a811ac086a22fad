package l4proxy.client;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import l4proxy.events.Events;
import l4proxy.net.Connection;
import l4proxy.net.Hosts;
import l4proxy.net.PlainConnection;
import l4proxy.net.Relay;
import l4proxy.wire.FrameType;
import l4proxy.wire.OpenFrame;
import l4proxy.wire.Opening;
import l4proxy.wire.ProtocolException;
import l4proxy.wire.Tunnel;

/**
 * A tunnel on the client's side: waits for an opening, connects the backend, relays, and waits for
 * the next.
 *
 * <p>The tunnel's virtual thread runs {@link #run()} and reads all frames; while a user is on, a
 * second one, {@code backend}, reads the backend. DONE is said by whichever of them sees the second
 * end. This class closes the backend's socket; the tunnel is closed by whoever made it.
 */
final class ServedTunnel {
  private static final Duration DIAL = Duration.ofSeconds(5);

  private final Tunnel tunnel;
  private final Services services;
  private final AskedTunnels asked;
  private final Events events;

  /**
   * Serves nobody yet.
   *
   * @param asked told when the tunnel has a user, and when it has none any more
   * @param events told when the backend cannot be connected, and when it can again
   */
  ServedTunnel(Tunnel tunnel, Services services, AskedTunnels asked, Events events) {
    this.tunnel = tunnel;
    this.services = services;
    this.asked = asked;
    this.events = events;
  }

  /** Serves one opening after another until the tunnel ends. */
  void run() throws IOException, InterruptedException {
    FrameType next = tunnel.receive();
    while (next == FrameType.OPEN) {
      asked.busy(tunnel);
      next = serve(tunnel.opening());
    }
    throw new ProtocolException("a frame " + next + " on an idle tunnel");
  }

  /** Serves one user; returns the frame that comes after its opening. */
  private FrameType serve(OpenFrame open) throws IOException, InterruptedException {
    tunnel.begin(() -> {});
    Connection backend;
    try {
      backend = connect(services.wanted(open.service()), open);
    } catch (IOException e) {
      tunnel.refuse("the backend cannot be reached: " + e.getMessage());
      return discard();
    }
    try (backend) {
      opened(backend);
      return relay(open, backend);
    }
  }

  /** A tunnel that broke while the backend was connected is no clean end for that. */
  private void opened(Connection backend) throws IOException {
    boolean said = false;
    try {
      tunnel.send(FrameType.OPENED);
      said = true;
    } finally {
      if (!said) {
        backend.abort();
      }
    }
  }

  /** Connects the backend, its name looked up anew, and tells it the user's address. */
  private Connection connect(Service service, OpenFrame open) throws IOException {
    PlainConnection backend = new PlainConnection(dial(service, open));
    boolean told = false;
    try {
      Optional<ProxyProtocol> header = service.config().handling().proxyProtocol();
      if (header.isPresent()) {
        backend.out().write(header.get().header(open));
      }
      told = true;
      return service.paced(backend.resetWhenLost());
    } finally {
      if (!told) {
        backend.close();
      }
    }
  }

  private Socket dial(Service service, OpenFrame open) throws IOException {
    InProcessProxy inProcess = services.inProcess();
    return inProcess == null ? dial(service) : inProcess.connect(open.user());
  }

  private Socket dial(Service service) throws IOException {
    try {
      Socket backend = Hosts.connect(service.config().backend(), DIAL);
      service.dials().answered(service.backendText()).ifPresent(events::happened);
      return backend;
    } catch (IOException e) {
      String fault = String.valueOf(e.getMessage());
      service
          .dials()
          .failed(service.backendText(), fault, System.nanoTime())
          .ifPresent(events::happened);
      throw e;
    }
  }

  private FrameType relay(OpenFrame open, Connection backend)
      throws IOException, InterruptedException {
    AtomicBoolean finished = new AtomicBoolean();
    Opening opening =
        new Opening(
            tunnel,
            backend,
            services.traffic()::countOut,
            services.traffic()::countIn,
            () -> finish(backend, finished));
    FrameType[] next = new FrameType[1];
    Relay.run(
        "backend of " + open.user(),
        opening::send,
        () -> next[0] = opening.receive(),
        () -> {
          backend.abort();
          tunnel.abort();
        });
    if (!finished.get()) {
      throw new ProtocolException("a frame " + next[0] + " within an opening");
    }
    return next[0];
  }

  /** Both directions have ended: closes the backend, then says so, once. */
  private void finish(Connection backend, AtomicBoolean finished) {
    if (tunnel.state().over() && finished.compareAndSet(false, true)) {
      backend.close();
      asked.idle(tunnel); // before the server may use it again
      try {
        tunnel.send(FrameType.DONE);
      } catch (IOException broken) {
        tunnel.abort();
      }
    }
  }

  /** After a refusal: drops what the server sent meanwhile, to the end of its direction. */
  private FrameType discard() throws IOException {
    FrameType type = tunnel.receive();
    while (type == FrameType.DATA) {
      for (int count = tunnel.piece(); count > 0; count = tunnel.piece()) {
        tunnel.consume(count);
        Relay.share(count);
      }
      type = tunnel.receive();
    }
    if (type != FrameType.RESET && type != FrameType.FIN) {
      throw new ProtocolException("a frame " + type + " after a refusal");
    }
    asked.idle(tunnel);
    tunnel.send(FrameType.DONE);
    return tunnel.receive();
  }
}
