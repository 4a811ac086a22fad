package l4proxy.api;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;

/**
 * Makes the JDK's HttpServers, whose bounds it reads once for all, when it is first used. Those of
 * {@link l4proxy.http.OriginRequest} are narrower, so that they are what others meet.
 */
final class HttpServers {
  /** Times in seconds. */
  private static final Map<String, String> BOUNDS =
      Map.of(
          "sun.net.httpserver.maxReqTime", "5", // head and body together
          "sun.net.httpserver.idleInterval", "30",
          "sun.net.httpserver.maxReqHeaders", "200",
          "sun.net.httpserver.maxReqHeaderSize", "65536",
          "jdk.httpserver.maxConnections", "1280", // 1,024 come in at most; more may be ending
          "sun.net.httpserver.nodelay", "true"); // without it an answer may wait 40 ms

  private HttpServers() {}

  /**
   * Makes one, bound and not started.
   *
   * @param address where it listens
   * @return the server
   * @throws IOException when it cannot listen there
   */
  static HttpServer create(InetSocketAddress address) throws IOException {
    BOUNDS.forEach((name, value) -> System.setProperty(name, System.getProperty(name, value)));
    return HttpServer.create(address, 0);
  }
}
