package l4proxy;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.TlsConnection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;

/**
 * A server under the test's control: it welcomes every client, grants every service, and does for
 * the rest what the test says.
 */
final class FakeServer implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 20;

  private final AcceptLoop loop;
  private final BlockingQueue<Connection> controls = new LinkedBlockingQueue<>();
  private final BlockingQueue<Connection> tunnels = new LinkedBlockingQueue<>();
  private final BlockingQueue<Message.Expose> exposures = new LinkedBlockingQueue<>();
  private final Queue<Connection> all = new ConcurrentLinkedQueue<>();
  private final AtomicInteger clients = new AtomicInteger();
  private final AtomicInteger meeting = new AtomicInteger();
  private final AtomicInteger most = new AtomicInteger();
  private volatile Duration holdUp = Duration.ZERO;

  FakeServer() throws IOException {
    loop =
        new AcceptLoop(
            "fake", Sockets.listen(new InetSocketAddress("127.0.0.1", 0)), this::accepted);
  }

  private void accepted(Socket socket) throws IOException, InterruptedException {
    most.accumulateAndGet(meeting.incrementAndGet(), Math::max);
    try {
      PlainConnection plain = new PlainConnection(socket);
      plain.in().deadline(Duration.ofSeconds(PATIENCE_SECONDS));
      if (!plain.in().fill()) {
        return;
      }
      TimeUnit.NANOSECONDS.sleep(holdUp.toNanos());
      Connection connection = plain;
      if (plain.in().buffer()[plain.in().position()] != 0) {
        TlsConnection encrypted = new TlsConnection(plain, TlsPair.serverEngine());
        encrypted.handshake();
        connection = encrypted;
      }
      all.add(connection);
      Message first = Messages.read(connection.in());
      connection.in().deadline(Duration.ZERO);
      if (first instanceof Message.Control) {
        Messages.write(connection.out(), new Message.Welcome("fake", FakeClient.id()));
        controls.add(connection);
      } else {
        tunnels.add(connection);
        return;
      }
      meeting.decrementAndGet();
      clients.incrementAndGet();
      try {
        serve(connection);
      } finally {
        clients.decrementAndGet();
        meeting.incrementAndGet();
      }
    } finally {
      meeting.decrementAndGet();
    }
  }

  private void serve(Connection control) throws IOException {
    while (true) {
      switch (Messages.read(control.in())) {
        case Message.Heartbeat beat -> write(control, new Message.HeartbeatAnswer(beat.nanos()));
        case Message.Expose asked -> {
          exposures.add(asked);
          write(control, new Message.Exposed(asked.service(), "name", "127.0.0.1", 9, 9));
        }
        case null, default -> {}
      }
    }
  }

  private void write(Connection control, Message message) throws IOException {
    synchronized (control) {
      Messages.write(control.out(), message);
    }
  }

  HostPort address() {
    return new HostPort("127.0.0.1", loop.port());
  }

  /** The next client that connected. */
  Connection nextClient() throws InterruptedException {
    return next(controls, "control connection");
  }

  /** Control connections that are open. */
  int clients() {
    return clients.get();
  }

  /** Asks a client for tunnels; whether it opens them is another matter. */
  void ask(Connection client, int count, boolean plain, int port) throws IOException {
    java.util.List<String> tickets =
        java.util.stream.Stream.generate(FakeClient::id).limit(count).toList();
    write(client, new Message.Tunnels(plain, port, tickets));
  }

  /** Says bytes of the test's on a control connection. */
  void say(Connection client, byte[] bytes) throws IOException {
    synchronized (client) {
      client.out().write(bytes);
    }
  }

  void tell(Connection client, Message message) throws IOException {
    write(client, message);
  }

  /** A tunnel that the client opened. */
  Connection nextTunnel() throws InterruptedException {
    return next(tunnels, "tunnel");
  }

  /** What a client asked for, and was granted. */
  Message.Expose nextExposure() throws InterruptedException {
    return next(exposures, "exposure");
  }

  private static <T> T next(BlockingQueue<T> queue, String what) throws InterruptedException {
    T next = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("no " + what + " came in time");
    }
    return next;
  }

  /** Tunnels that came and were not taken by {@link #nextTunnel()}. */
  int tunnels() {
    return tunnels.size();
  }

  /** Lets nobody's handshake begin before this time is over. */
  void holdUp(Duration time) {
    holdUp = time;
  }

  /** The most connections that were meeting it at the same time. */
  int mostMeeting() {
    return most.get();
  }

  @Override
  public void close() {
    all.forEach(Connection::close);
    loop.close();
  }
}
