package l4proxy.cli;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import l4proxy.api.HttpServers;
import l4proxy.events.Event;
import l4proxy.events.Events;

/**
 * An HTTP server that sends everybody on to where a client is now, path and query kept. Each
 * request has a virtual thread; {@link #close()} returns when they are gone.
 */
final class Redirector implements AutoCloseable {
  private final HttpServer http;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("redirect ", 1).factory());
  private final Whereabouts whereabouts;
  private final Events events;
  private final AtomicBoolean complained = new AtomicBoolean();

  /** Starts to listen. */
  Redirector(InetSocketAddress address, Whereabouts whereabouts, Events events) throws IOException {
    this.whereabouts = whereabouts;
    this.events = events;
    this.http = HttpServers.create(address);
    http.createContext("/", this::handle);
    http.setExecutor(threads);
    http.start();
  }

  int port() {
    return http.getAddress().getPort();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Whereabouts.Answer answer = whereabouts.now();
      if (!(answer instanceof Whereabouts.Answer.Unsure)) {
        complained.set(false);
      }
      switch (answer) {
        case Whereabouts.Answer.At(String address) -> {
          String location = "http://" + address + rest(exchange.getRequestURI());
          exchange.getResponseHeaders().set("Location", location);
          send(exchange, 303, "See " + location);
        }
        case Whereabouts.Answer.Away() -> later(exchange, "The client is not connected now.");
        case Whereabouts.Answer.Unknown() ->
            send(exchange, 404, "No client of that display name is known.");
        case Whereabouts.Answer.Unsure(String reason) -> {
          complain(reason);
          later(exchange, "The server cannot be asked now.");
        }
      }
    }
  }

  private static String rest(URI asked) {
    String path = asked.getRawPath();
    String query = asked.getRawQuery();
    return (path == null || !path.startsWith("/") ? "/" : path)
        + (query == null ? "" : "?" + query);
  }

  /** Once, until the server answers again. */
  private void complain(String reason) {
    if (complained.compareAndSet(false, true)) {
      events.happened(new Event.Warned("the server cannot be asked: " + reason));
    }
  }

  private static void later(HttpExchange exchange, String sentence) throws IOException {
    exchange.getResponseHeaders().set("Retry-After", "1");
    send(exchange, 503, sentence);
  }

  private static void send(HttpExchange exchange, int status, String sentence) throws IOException {
    byte[] body = (sentence + "\n").getBytes(StandardCharsets.UTF_8);
    Headers headers = exchange.getResponseHeaders();
    headers.set("Cache-Control", "no-store");
    headers.set("Content-Type", "text/plain; charset=utf-8");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1);
    } else {
      exchange.sendResponseHeaders(status, body.length);
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
