package l4proxy.http;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import l4proxy.net.Connection;
import l4proxy.net.Relay;
import org.jspecify.annotations.Nullable;

/**
 * One request and its response, between a user and the server that the request is for.
 *
 * <p>The user's thread carries the response; the request's body, if there is one, has a thread of
 * its own, because the response may come first: 100 (Continue), or a refusal. Whoever made the two
 * connections closes them, but the user's is closed here when a response is through and a body that
 * nobody wants does not end. A body is not wanted when the server refuses it, or says that its
 * connection ends with the response (RFC 9112, 9.5); after any other response the rest of it is
 * carried, and a server that does not take it breaks both connections.
 */
final class Exchange {
  private static final int MOST_INTERIM = 32;

  /** The end of a body and the response to it may be seen in either order. */
  private static final long END_OF_BODY_MILLIS = 100;

  private final Connection user;
  private final Connection server;
  private final Request request;
  private final boolean kept;
  private final Patience patience;
  private final CountDownLatch bodyOver = new CountDownLatch(1);
  private final Sink.Tolerant toServer;
  private volatile boolean bodySent;
  private volatile @Nullable Rejection malformed;
  private boolean continued;
  private boolean answered;
  private boolean userGoesOn;
  private boolean serverGoesOn;

  /**
   * An exchange.
   *
   * @param kept whether the connection was used before; {@link #run} fails when that was given up
   * @param silence how long nothing may move before the response begins
   */
  Exchange(Connection user, Connection server, Request request, boolean kept, Duration silence) {
    this.user = user;
    this.server = server;
    this.request = request;
    this.kept = kept;
    this.patience = new Patience(user, server, silence, bodyOver);
    Sink framed =
        request.framing() instanceof Framing.Chunked
            ? Sink.chunked(server.out())
            : Sink.raw(server.out());
    this.toServer = new Sink.Tolerant(Sink.observed(framed, patience::moved));
  }

  /** Serves the request. What fails before the response has begun can still be answered. */
  void run() throws IOException, InterruptedException {
    server.out().write(Heads.request(request));
    if (request.bare()) {
      bodySent = true;
      bodyOver.countDown();
      receive();
    } else {
      Runnable abort =
          () -> {
            user.abort();
            server.abort();
          };
      Relay.run(Thread.currentThread().getName() + " body", this::send, this::answer, abort);
    }
  }

  /** Carries the request's body; what the server does not want is read all the same. */
  private void send() throws IOException {
    try {
      Body.copy(request.framing(), user.in(), toServer);
      bodySent = !toServer.broken();
    } catch (Rejection e) {
      malformed = e;
      server.abort();
    } finally {
      bodyOver.countDown();
    }
  }

  /** Passes the response on while the body may still be under way, or answers for the server. */
  private void answer() throws IOException, InterruptedException {
    try {
      receive();
    } catch (IOException e) {
      if (answered || e instanceof Patience.UserGone) {
        throw e;
      }
      Rejection bad = malformed;
      Answers.send(user, request.head().method(), bad == null ? rejection(e) : bad, true);
    }
    if (bodyOver.getCount() > 0) {
      server.close();
      user.shutdownOutput();
      if (!bodyOver.await(Answers.LINGER.toMillis(), TimeUnit.MILLISECONDS)) {
        user.close();
      }
    }
  }

  /** What to tell a user whose server failed. */
  static Rejection rejection(IOException failure) {
    if (failure instanceof Rejection no) {
      return no;
    }
    return failure instanceof SocketTimeoutException
        ? new Rejection(504, "The host did not answer in time.")
        : new Rejection(502, "The host broke off instead of answering.");
  }

  private void receive() throws IOException, InterruptedException {
    ResponseHead response = head();
    if (kept && response.status() == 408 && response.fields().closes()) {
      throw new EOFException("the server gave the connection up"); // RFC 9110, 15.5.9
    }
    Framing body = framing(response);
    boolean sent = bodyOver.await(END_OF_BODY_MILLIS, TimeUnit.MILLISECONDS) && bodySent;
    boolean unframed = body instanceof Framing.Chunked || body instanceof Framing.UntilEnd;
    boolean stays =
        response.newer() && !response.fields().closes() && !(body instanceof Framing.UntilEnd);
    boolean whole = sent || stays && response.status() < 400;
    userGoesOn = whole && request.head().persistent() && (sent || !awaitsLeave());
    answered = true;
    user.out().write(Heads.response(response, shown(response, body), !userGoesOn));
    boolean chunks = unframed && request.head().newer();
    Body.copy(body, server.in(), chunks ? Sink.chunked(user.out()) : Sink.raw(user.out()));
    if (whole && !sent) {
      rest();
    }
    serverGoesOn = whole && stays && server.in().buffered() == 0;
  }

  /** Whether the user may leave its body out since nobody has asked for it: RFC 9110, 10.1.1. */
  private boolean awaitsLeave() {
    return !continued
        && request.head().newer()
        && request.head().fields().elements("expect").contains("100-continue");
  }

  /** Waits until the server has all of a body that it has not refused. */
  private void rest() throws IOException, InterruptedException {
    if (!userGoesOn) {
      user.shutdownOutput();
    }
    patience.awaitBody(toServer::broken);
    if (!bodySent) {
      throw new EOFException("the server did not get the body that it has answered");
    }
  }

  /** The final response's head; those before it are passed on. */
  private ResponseHead head() throws IOException {
    for (int interim = 0; interim <= MOST_INTERIM; interim++) {
      patience.await();
      ResponseHead response = read();
      if (!response.interim()) {
        return response;
      }
      if (response.status() == 101) {
        break; // nobody asked for another protocol: Upgrade counts for one connection only
      }
      if (request.head().newer()) {
        continued = true;
        user.out().write(Heads.response(response, new Framing.None(), false));
      }
    }
    throw strange();
  }

  private ResponseHead read() throws IOException {
    try {
      return HeadReader.response(server.in());
    } catch (Rejection e) {
      throw strange();
    }
  }

  private Framing framing(ResponseHead response) throws IOException {
    try {
      return Framing.of(response, request.head().method());
    } catch (Rejection e) {
      throw strange();
    }
  }

  private static Rejection strange() {
    return new Rejection(502, "The host's answer is not HTTP as this proxy understands it.");
  }

  /** How the user finds the end of the body: an HTTP/1.0 one by the end of the connection. */
  private Framing shown(ResponseHead response, Framing body) {
    return switch (body) {
      case Framing.None() -> Heads.unsent(response);
      case Framing.Length length -> length;
      case Framing.Chunked(), Framing.UntilEnd() ->
          request.head().newer() ? new Framing.Chunked() : new Framing.UntilEnd();
    };
  }

  /** Whether the response has begun. */
  boolean answered() {
    return answered;
  }

  /** Whether the user may send another request. */
  boolean userGoesOn() {
    return userGoesOn;
  }

  /** Whether the server's connection can be used for another request. */
  boolean serverGoesOn() {
    return serverGoesOn;
  }
}
