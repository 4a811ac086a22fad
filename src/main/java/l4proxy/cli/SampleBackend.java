package l4proxy.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import l4proxy.net.HostPort;

/** A small web server on loopback that says the same to everybody. */
final class SampleBackend implements AutoCloseable {
  private final HttpServer http;
  private final byte[] page;

  /** Starts it; the text is its only page. */
  SampleBackend(String text) throws IOException {
    page = text.getBytes(StandardCharsets.UTF_8);
    http = HttpServer.create(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 0);
    http.createContext("/", this::answer);
    http.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      exchange.sendResponseHeaders(200, page.length);
      exchange.getResponseBody().write(page);
    }
  }

  HostPort address() {
    return new HostPort("127.0.0.1", http.getAddress().getPort());
  }

  @Override
  public void close() {
    http.stop(0);
  }
}
