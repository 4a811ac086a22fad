package l4proxy.server;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import l4proxy.http.Answer;
import l4proxy.http.OriginRequest;
import l4proxy.http.Rejection;
import l4proxy.net.Connection;
import l4proxy.net.Relay;
import l4proxy.net.Sockets;
import l4proxy.net.Watch;
import org.jspecify.annotations.Nullable;

/**
 * A connection's requests on their way to the HttpServer, each looked at, and its answers on their
 * way back. What is no request is the last thing read: the HttpServer answers what came before, and
 * then it is answered here.
 *
 * <p>A thread carries the requests, another the answers. Whoever made the two connections closes
 * them, but that of the browser is closed here when the HttpServer has given it up. It is broken
 * when the browser takes too long to take a piece of an answer; a watch sees to it.
 */
final class HttpRelay implements Watch.Watched {
  /** How long a browser may take to take a piece of an answer, 64 KiB at most. */
  static final Duration TAKING = Duration.ofSeconds(30);

  private final Connection from;
  private final Connection to;
  private final Duration taking;
  private volatile boolean writing;
  private volatile long since;

  /** Whether nobody reads the browser any more; set before the HttpServer sees it. */
  private volatile boolean ended;

  /** What the requests ended with; set before the HttpServer sees their end. */
  private volatile @Nullable Rejection refused;

  /**
   * A relay that has not begun.
   *
   * @param from the browser
   * @param to the HttpServer
   * @param taking how long the browser may take to take a piece of an answer
   */
  HttpRelay(Connection from, Connection to, Duration taking) {
    this.from = from;
    this.to = to;
    this.taking = taking;
  }

  /**
   * Relays to the end.
   *
   * @param first the request whose head has been read
   * @param once whether it is the only one; its time counts already then
   */
  void run(OriginRequest first, boolean once) throws IOException, InterruptedException {
    Runnable abort =
        () -> {
          from.close();
          to.abort();
        };
    Relay.run("http " + Sockets.text(from.remote()), () -> pass(first, once), this::answer, abort);
  }

  private void pass(OriginRequest first, boolean once) throws IOException {
    try {
      for (OriginRequest next = first; next != null; next = once ? null : after(next)) {
        to.out().write(next.head(once));
        next.passBody(from.in(), to.out());
      }
    } catch (IOException broken) {
      refused = refusal(broken);
    }
    ended = true;
    to.shutdownOutput();
  }

  /** The request after one; null when there is none. */
  private @Nullable OriginRequest after(OriginRequest before) throws IOException {
    if (!before.persistent() || !begun()) {
      return null;
    }
    from.in().deadline(Handshakes.TIME);
    return OriginRequest.read(from.in());
  }

  private boolean begun() throws IOException {
    from.in().deadline(Duration.ZERO); // the HttpServer bounds the time between two requests
    return from.in().buffered() > 0 || from.in().fill();
  }

  /**
   * What to answer a request with that could not be read.
   *
   * @throws IOException the failure, when nobody is left to be answered
   */
  static Rejection refusal(IOException failure) throws IOException {
    return switch (failure) {
      case Rejection no -> no;
      case SocketTimeoutException late ->
          new Rejection(
              408,
              "The request was not there whole within "
                  + Handshakes.TIME.toMillis()
                  + " ms; send it faster.");
      case EOFException early ->
          new Rejection(400, "The connection ended within the request; send all of it.");
      default -> throw failure;
    };
  }

  private void answer() throws IOException {
    Relay.copy(to.in(), this::write, n -> {});
    since = System.nanoTime();
    writing = true; // to the end
    Rejection no = refused;
    if (no != null) {
      Answer.problem(no).last(from, no.method());
    } else if (ended) {
      Answer.linger(from);
    } else {
      from.shutdownOutput();
    }
    from.close(); // what the browser leaves open, the HttpServer has given up
  }

  private void write(byte[] buffer, int at, int length) throws IOException {
    since = System.nanoTime();
    writing = true;
    from.out().write(buffer, at, length); // when that fails, all is over
    writing = false;
  }

  @Override
  public void tick() {
    if (writing && System.nanoTime() - since > taking.toNanos()) {
      from.abort();
    }
  }
}
