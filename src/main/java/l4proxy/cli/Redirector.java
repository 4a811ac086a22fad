package l4proxy.cli;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.http.Answer;
import l4proxy.http.OriginRequest;
import l4proxy.http.Rejection;
import l4proxy.net.AcceptLoop;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;

/**
 * An HTTP server that sends everybody on to where a client is now, path and query kept. Each
 * connection has a virtual thread and one request; {@link #close()} returns when they are gone.
 */
final class Redirector implements AutoCloseable {
  private static final Duration TIME = Duration.ofSeconds(5);

  /** So many at once; one more is closed. */
  private static final int MOST = 512;

  /** What stands in a path for itself, and cannot be taken for another part of the URL. */
  private static final String PLAIN = "-._~!$&'()*+,;=:@/";

  private final AcceptLoop loop;
  private final Semaphore places = new Semaphore(MOST);
  private final Whereabouts whereabouts;
  private final Events events;
  private final AtomicBoolean complained = new AtomicBoolean();

  /** Starts to listen. */
  Redirector(InetSocketAddress address, Whereabouts whereabouts, Events events) throws IOException {
    this.whereabouts = whereabouts;
    this.events = events;
    this.loop = new AcceptLoop("redirect", Sockets.listen(address), this::accepted);
  }

  int port() {
    return loop.port();
  }

  private void accepted(Socket socket) throws IOException {
    try (Connection user = new PlainConnection(socket)) {
      if (!places.tryAcquire()) {
        return;
      }
      try {
        user.in().deadline(TIME);
        if (user.in().fill()) {
          serve(user);
        }
      } finally {
        places.release();
      }
    }
  }

  private void serve(Connection user) throws IOException {
    try {
      OriginRequest request = OriginRequest.readAny(user.in());
      if (request != null) {
        answer(request.target()).last(user, request.method());
      }
    } catch (Rejection no) {
      Answer.problem(no).last(user, no.method());
    } catch (SocketTimeoutException late) {
      Answer.problem(new Rejection(408, "No whole request came in time; send it faster."))
          .last(user, "");
    } catch (EOFException early) {
      Answer.problem(new Rejection(400, "The connection ended within the request; send all of it."))
          .last(user, "");
    }
  }

  private Answer answer(String target) {
    Whereabouts.Answer answer = whereabouts.now();
    if (!(answer instanceof Whereabouts.Answer.Unsure)) {
      complained.set(false);
    }
    return switch (answer) {
      case Whereabouts.Answer.At(String address) -> {
        String location = "http://" + address + encoded(target);
        yield said(303, List.of("Location: " + location), "See " + location);
      }
      case Whereabouts.Answer.Away() -> later("The client is not connected now.");
      case Whereabouts.Answer.Unknown() ->
          said(404, List.of(), "No client of that display name is known.");
      case Whereabouts.Answer.Unsure(String reason) -> {
        complain(reason);
        yield later("The server cannot be asked now.");
      }
    };
  }

  /**
   * A path and a query as a URL has them: what is not allowed there is encoded, what is encoded
   * stays.
   *
   * @param target as it was asked for, begins with a slash; each character is a byte
   */
  static String encoded(String target) {
    StringBuilder url = new StringBuilder();
    boolean query = false;
    for (int i = 0; i < target.length(); i++) {
      char c = target.charAt(i);
      boolean kept =
          isLetterOrDigit(c)
              || PLAIN.indexOf(c) >= 0
              || c == '?'
              || query && (c == '[' || c == ']') // not allowed, and yet in use as it is
              || c == '%' && isHex(target, i + 1) && isHex(target, i + 2);
      query |= c == '?';
      url.append(kept ? String.valueOf(c) : String.format(Locale.ROOT, "%%%02X", (int) c));
    }
    return url.toString();
  }

  private static boolean isLetterOrDigit(char c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
  }

  private static boolean isHex(String text, int index) {
    return index < text.length() && "0123456789abcdefABCDEF".indexOf(text.charAt(index)) >= 0;
  }

  /** Once, until the server answers again. */
  private void complain(String reason) {
    if (complained.compareAndSet(false, true)) {
      events.happened(new Event.Warned("the server cannot be asked: " + reason));
    }
  }

  private static Answer later(String sentence) {
    return said(503, List.of("Retry-After: 1"), sentence);
  }

  private static Answer said(int status, List<String> fields, String sentence) {
    return new Answer(status, fields, "text/plain; charset=utf-8", sentence + "\n");
  }

  @Override
  public void close() {
    loop.close();
  }
}
