package l4proxy.http;

import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.PlainConnection;
import l4proxy.net.Relay;
import org.jspecify.annotations.Nullable;

/**
 * One user's connection to a forward proxy: reads requests one after another and serves each.
 *
 * <p>The connection to a server is kept for the user's next request to the same, but used again
 * only for one that may be repeated: a server closes when it likes. One thread uses it; {@link
 * #close()} closes what is kept.
 */
final class ProxyUser implements AutoCloseable {
  /** For a head, from its first byte on; for the first one from the beginning. */
  private static final Duration HEAD = Duration.ofSeconds(5);

  /** Between two requests. */
  private static final Duration IDLE = Duration.ofSeconds(60);

  private final Connection user;
  private final InetAddress address;
  private final ForwardProxy proxy;
  private final Runnable connected;
  private boolean served;
  private @Nullable PlainConnection kept;
  private @Nullable HostPort keptFor;

  ProxyUser(Connection user, InetAddress address, ForwardProxy proxy, Runnable connected) {
    this.user = user;
    this.address = address;
    this.proxy = proxy;
    this.connected = connected;
  }

  /** Serves requests until one is the last. */
  void run() throws IOException, InterruptedException {
    user.in().deadline(HEAD);
    while (next()) {
      Relay.share(1);
      if (!another()) {
        return;
      }
    }
    Answers.linger(user);
  }

  /** Waits for the beginning of another request. */
  private boolean another() throws IOException {
    user.in().deadline(IDLE);
    try {
      boolean begun = user.in().buffered() > 0 || user.in().fill();
      user.in().deadline(HEAD);
      return begun;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  /** Serves one request; whether another may follow. */
  private boolean next() throws IOException, InterruptedException {
    RequestHead head;
    try {
      head = HeadReader.request(user.in());
    } catch (SocketTimeoutException e) {
      return refused("", new Rejection(408, "No whole request came in time."), false);
    } catch (Rejection no) {
      return refused("", no, false);
    }
    if (head == null) {
      return false;
    }
    boolean bare = false;
    try {
      Request request = Request.of(head);
      bare = request.bare();
      proxy.access().check(address, head);
      return serve(request);
    } catch (Rejection no) {
      return refused(head.method(), no, bare && head.persistent());
    }
  }

  private boolean refused(String method, Rejection no, boolean goesOn) throws IOException {
    Answers.send(user, method, no, !goesOn);
    return goesOn;
  }

  private boolean serve(Request request) throws IOException, InterruptedException {
    switch (request.head().method()) {
      case "CONNECT" -> {
        connect(request);
        return false;
      }
      case "TRACE" ->
          throw new Rejection(405, "This proxy passes no TRACE on.", "Allow: " + Answers.ALLOWED);
      default -> {
        return request.mayPass().orElse(1) == 0 ? options(request) : exchange(request);
      }
    }
  }

  private boolean options(Request request) throws IOException {
    boolean goesOn = request.bare() && request.head().persistent();
    Answers.options(user, !goesOn);
    return goesOn;
  }

  private void connect(Request request) throws IOException, InterruptedException {
    if (!request.bare() && !request.framing().equals(new Framing.Length(0))) {
      throw new Rejection(400, "CONNECT has no body.");
    }
    close();
    try (PlainConnection host = proxy.dialer().dial(request.target().address())) {
      connected();
      user.out()
          .write("HTTP/1.1 200 Connection established\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      Tunnelled tunnelled = new Tunnelled(user, host, Tunnelled.SILENCE);
      proxy.watch().add(tunnelled);
      try {
        tunnelled.run();
      } finally {
        proxy.watch().remove(tunnelled);
      }
    }
  }

  /** The first time tells that the user is served. */
  private void connected() {
    if (!served) {
      served = true;
      connected.run();
    }
  }

  private boolean exchange(Request request) throws IOException, InterruptedException {
    HostPort server = request.target().address();
    PlainConnection former = kept;
    if (former != null && request.repeatable() && server.equals(keptFor) && silent(former)) {
      Exchange again = new Exchange(user, former, request, true, proxy.silence());
      try {
        again.run();
        return after(again);
      } catch (Rejection | SocketTimeoutException | Patience.UserGone e) {
        throw failed(again, e);
      } catch (IOException e) {
        if (again.answered()) {
          throw failed(again, e); // else the server closed what was kept
        }
      }
    }
    close();
    kept = proxy.dialer().dial(server);
    keptFor = server;
    connected();
    Exchange exchange =
        new Exchange(user, Objects.requireNonNull(kept), request, false, proxy.silence());
    try {
      exchange.run();
      return after(exchange);
    } catch (IOException e) {
      throw failed(exchange, e);
    }
  }

  /** Whether nothing came since the last response: it would be taken for the next one. */
  private static boolean silent(PlainConnection former) {
    try {
      return former.in().available() == 0;
    } catch (IOException broken) {
      return false;
    }
  }

  private boolean after(Exchange exchange) {
    if (!exchange.serverGoesOn() || !exchange.userGoesOn()) {
      close();
    }
    return exchange.userGoesOn();
  }

  /** A response that has begun cannot be taken back: the user sees a reset. */
  private IOException failed(Exchange exchange, IOException e) {
    close();
    if (exchange.answered()) {
      user.abort();
      return new IOException("an exchange broke off: " + e.getMessage(), e);
    }
    return e instanceof Patience.UserGone ? e : Exchange.rejection(e);
  }

  @Override
  public void close() {
    PlainConnection former = kept;
    if (former != null) {
      former.close();
      kept = null;
      keptFor = null;
    }
  }
}
