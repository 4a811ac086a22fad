package l4proxy.api;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import l4proxy.server.ProxyServer;

/**
 * The HttpServer behind a server's ways in, on a loopback port that nobody is told of.
 *
 * <p>It listens from the moment it is made; each request has a virtual thread, {@code api N}.
 * {@link #close()} returns when the threads are gone. The server it shows is somebody else's to
 * close.
 */
public final class ApiServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("l4proxy.api");

  /** The HttpServer's own bounds, which it reads once, when it is first used; times in seconds. */
  private static final Map<String, String> BOUNDS =
      Map.of(
          "sun.net.httpserver.maxReqTime", "5", // head and body together
          "sun.net.httpserver.maxRspTime", "30",
          "sun.net.httpserver.idleInterval", "30",
          "sun.net.httpserver.maxReqHeaders", "100",
          "sun.net.httpserver.maxReqHeaderSize", "16384",
          "jdk.httpserver.maxConnections", "512",
          "sun.net.httpserver.nodelay", "true"); // without it an answer may wait 40 ms

  private final HttpServer http;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("api ", 1).factory());
  private final Routes routes;

  /**
   * Starts to listen.
   *
   * @param proxy what to show; it need not be started yet
   * @throws IOException when no loopback port is free
   */
  public ApiServer(ProxyServer proxy) throws IOException {
    BOUNDS.forEach((name, value) -> System.setProperty(name, System.getProperty(name, value)));
    routes = new Routes(proxy);
    http = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
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
      send(exchange, answer(exchange));
    } catch (IOException gone) {
      LOG.log(System.Logger.Level.DEBUG, "a request broke off: {0}", gone.getMessage());
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
    Headers headers = exchange.getResponseHeaders();
    reply.headers().forEach(headers::set);
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    if (body.length > 0) {
      headers.set("Content-Type", reply.type());
    }
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(reply.status(), head || body.length == 0 ? -1 : body.length);
    if (!head) {
      exchange.getResponseBody().write(body);
    }
  }

  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
    threads.close();
  }
}
