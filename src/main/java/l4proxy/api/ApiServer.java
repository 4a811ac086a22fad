package l4proxy.api;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import l4proxy.events.Counters;
import l4proxy.net.Watch;
import l4proxy.server.ProxyServer;

/**
 * The HttpServer behind a server's ways in, on a loopback port that nobody is told of.
 *
 * <p>Whoever is slow to take an answer is cut off after {@link #TAKING}; a stream of events is
 * different, since it has no end.
 *
 * <p>It listens from the moment it is made; each request has a virtual thread, {@code api N}.
 * {@link #close()} returns when the threads are gone. The server it shows is somebody else's to
 * close.
 */
public final class ApiServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("l4proxy.api");

  private static final Duration TAKING = Duration.ofSeconds(30);

  /**
   * So much of a body that nobody asked for is read and thrown away, within the time a request has:
   * else whoever still sends it would see a reset instead of the answer.
   */
  private static final int UNASKED = 16 * 1024 * 1024;

  private final HttpServer http;
  private final Watch watch = new Watch();
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("api ", 1).factory());
  private final Routes routes;

  /**
   * Starts to listen.
   *
   * @param proxy what to show; it need not be started yet
   * @param counters what has happened so far
   * @param feed what happens
   * @throws IOException when no loopback port is free
   */
  public ApiServer(ProxyServer proxy, Counters counters, EventFeed feed) throws IOException {
    routes = new Routes(proxy, counters, feed);
    http = HttpServers.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    http.createContext("/", this::handle);
    http.setExecutor(threads);
    http.start();
  }

  /**
   * Where to relay HTTP to.
   *
   * @return a loopback address
   */
  public InetSocketAddress address() {
    return http.getAddress();
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      Reply reply = answer(exchange);
      try (Reply.Stream stream = reply.stream()) {
        discard(exchange.getRequestBody());
        if (stream == null) {
          watched(() -> send(exchange, reply));
        } else {
          stream(exchange, reply, stream);
        }
      }
    } catch (IOException gone) {
      LOG.log(System.Logger.Level.DEBUG, "a request broke off: {0}", gone.getMessage());
    } catch (InterruptedException over) {
      Thread.currentThread().interrupt();
    }
  }

  private static void discard(InputStream body) throws IOException {
    byte[] part = new byte[8 * 1024];
    int count = 0;
    for (int all = 0; count >= 0 && all < UNASKED; all += count) {
      count = body.read(part);
    }
  }

  /** What sends something. */
  private interface Sending {
    void send() throws IOException;
  }

  /** Interrupts a thread, and with that closes the connection it writes to, when it takes long. */
  private void watched(Sending sending) throws IOException {
    Thread self = Thread.currentThread();
    long deadline = System.nanoTime() + TAKING.toNanos();
    Watch.Watched late =
        () -> {
          if (System.nanoTime() - deadline > 0) {
            self.interrupt();
          }
        };
    watch.add(late);
    try {
      sending.send();
    } finally {
      watch.remove(late);
    }
  }

  private Reply answer(HttpExchange exchange) throws IOException {
    try {
      return routes.answer(Request.of(exchange));
    } catch (ProblemException e) {
      return e.reply();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a bug, please report it", e);
      return Reply.problem(500, "A bug; the server's log says more.", Map.of());
    }
  }

  private static void send(HttpExchange exchange, Reply reply) throws IOException {
    byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
    boolean none = isHead(exchange) || body.length == 0;
    headers(exchange, reply);
    exchange.sendResponseHeaders(reply.status(), none ? -1 : body.length);
    if (!none) {
      exchange.getResponseBody().write(body);
    }
  }

  private static void stream(HttpExchange exchange, Reply reply, Reply.Stream stream)
      throws IOException, InterruptedException {
    headers(exchange, reply);
    exchange.sendResponseHeaders(reply.status(), isHead(exchange) ? -1 : 0);
    if (!isHead(exchange)) {
      stream.write(exchange.getResponseBody());
    }
  }

  private static boolean isHead(HttpExchange exchange) {
    return exchange.getRequestMethod().equals("HEAD");
  }

  private static void headers(HttpExchange exchange, Reply reply) {
    Headers headers = exchange.getResponseHeaders();
    reply.headers().forEach(headers::set);
    if ("close".equalsIgnoreCase(exchange.getRequestHeaders().getFirst("Connection"))) {
      headers.set("Connection", "close"); // the HttpServer closes, and does not say so
    }
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    if (!reply.type().isEmpty()) {
      headers.set("Content-Type", reply.type());
    }
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
    threads.close();
    watch.close();
  }
}
