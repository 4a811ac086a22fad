package l4proxy.api;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import l4proxy.auth.StateException;
import l4proxy.server.ProxyServer;

/** Finds who answers a request. Any thread may call it. */
final class Routes {
  /** Answers a request of one method. */
  private interface Route {
    Reply answer(Request request) throws ProblemException, IOException;
  }

  private final ProxyServer proxy;
  private final ClientRoutes clients;
  private final KeyRoutes keys;

  Routes(ProxyServer proxy) {
    Callers callers = new Callers(proxy.keys());
    this.proxy = proxy;
    this.clients = new ClientRoutes(proxy, callers);
    this.keys = new KeyRoutes(proxy.keys(), callers);
  }

  /** The answer. */
  Reply answer(Request request) throws ProblemException, IOException {
    Map<String, Route> routes = routes(request.path());
    if (routes.isEmpty()) {
      throw new ProblemException(404, "There is nothing at this path.");
    }
    Route route = routes.get(request.method());
    if (route == null) {
      String allowed = String.join(", ", routes.keySet().stream().sorted().toList());
      throw new ProblemException(
          405, "This path takes " + allowed + " only.", Map.of("Allow", allowed));
    }
    try {
      return route.answer(request);
    } catch (StateException e) {
      throw new ProblemException(500, String.valueOf(e.getMessage()));
    }
  }

  /** What a path takes, by method. */
  private Map<String, Route> routes(List<String> path) {
    return switch (path.size()) {
      case 1 ->
          switch (path.getFirst()) {
            case "healthz" -> Map.of("GET", request -> alive());
            case "readyz" -> Map.of("GET", request -> ready());
            default -> Map.of();
          };
      case 2 ->
          switch (String.join("/", path)) {
            case "v1/clients" -> Map.of("GET", clients::list);
            case "v1/keys" -> Map.of("GET", keys::list, "POST", keys::create);
            default -> Map.of();
          };
      case 3 -> named(path.get(0) + "/" + path.get(1), path.get(2));
      default -> Map.of();
    };
  }

  private Map<String, Route> named(String list, String name) {
    if (name.isEmpty()) {
      return Map.of();
    }
    return switch (list) {
      case "v1/clients" -> Map.of("GET", request -> clients.one(request, name));
      case "v1/keys" -> Map.of("DELETE", request -> keys.revoke(request, name));
      default -> Map.of();
    };
  }

  private Reply alive() {
    JsonObject body = new JsonObject();
    body.addProperty("alive", true);
    return Reply.ok(body);
  }

  private Reply ready() throws ProblemException {
    if (!proxy.ready()) {
      throw new ProblemException(503, "The server is draining and takes no new users.");
    }
    JsonObject body = new JsonObject();
    body.addProperty("ready", true);
    return Reply.ok(body);
  }
}
