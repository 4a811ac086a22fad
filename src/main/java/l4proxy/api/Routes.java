package l4proxy.api;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import l4proxy.auth.Key;
import l4proxy.auth.StateException;
import l4proxy.events.Counters;
import l4proxy.server.ProxyServer;

/** Finds who answers a request. Any thread may call it. */
final class Routes {
  /** Answers a request of one method. */
  private interface Route {
    Reply answer(Request request) throws ProblemException, IOException;
  }

  private final ProxyServer proxy;
  private final Callers callers;
  private final ClientRoutes clients;
  private final KeyRoutes keys;
  private final ServiceRoutes services;
  private final SessionRoutes sessions;
  private final ServerRoutes server;
  private final DashboardPage page = new DashboardPage();
  private final EventFeed feed;
  private final Metrics metrics;
  private final OpenApi description;

  Routes(ProxyServer proxy, Counters counters, EventFeed feed) {
    this.proxy = proxy;
    this.callers = new Callers(proxy.keys(), proxy.browsers());
    this.clients = new ClientRoutes(proxy, callers);
    this.keys = new KeyRoutes(proxy.keys(), callers);
    this.services = new ServiceRoutes(proxy, callers);
    this.sessions = new SessionRoutes(proxy, callers);
    this.server = new ServerRoutes(proxy, counters, callers);
    this.feed = feed;
    this.metrics = new Metrics(proxy, counters);
    this.description = OpenApi.read(proxy.version());
    proxy.keys().onRevoked(feed::revoked);
  }

  /** The answer. */
  Reply answer(Request request) throws ProblemException, IOException {
    Map<String, Route> routes = routes(request.path());
    if (routes.isEmpty()) {
      throw new ProblemException(404, "There is nothing at this path.");
    }
    Route route = routes.get(request.method());
    if (route == null) {
      String allowed = allowed(routes.keySet());
      throw new ProblemException(
          405, "This path takes " + allowed + " only.", Map.of("Allow", allowed));
    }
    try {
      return route.answer(request);
    } catch (StateException e) {
      throw new ProblemException(e.isPassing() ? 503 : 500, String.valueOf(e.getMessage()));
    }
  }

  /** For a person and for the Allow field; what takes GET takes HEAD, too. */
  private static String allowed(Set<String> methods) {
    Set<String> all = new TreeSet<>(methods);
    if (all.contains("GET")) {
      all.add("HEAD");
    }
    return String.join(", ", all);
  }

  /** What a path takes, by method. */
  private Map<String, Route> routes(List<String> path) {
    if (path.size() > 2 && path.contains("")) {
      return Map.of();
    }
    return switch (path.size()) {
      case 1 -> top(path.getFirst());
      case 2 -> list(path.get(0) + "/" + path.get(1));
      case 3 -> named(path.get(0) + "/" + path.get(1), path.get(2));
      case 4, 5 -> users(path);
      default -> Map.of();
    };
  }

  private Map<String, Route> top(String path) {
    return switch (path) {
      case "healthz" -> Map.of("GET", request -> alive());
      case "readyz" -> Map.of("GET", request -> ready());
      case "metrics" -> Map.of("GET", this::metrics);
      case "openapi.json" -> Map.of("GET", this::description);
      default ->
          page.named(path)
              .<Map<String, Route>>map(file -> Map.of("GET", _ -> file))
              .orElse(Map.of());
    };
  }

  private Map<String, Route> list(String path) {
    return switch (path) {
      case "v1/clients" -> Map.of("GET", clients::list);
      case "v1/keys" -> Map.of("GET", keys::list, "POST", keys::create);
      case "v1/services" -> Map.of("GET", services::list, "POST", services::create);
      case "v1/codes" -> Map.of("POST", sessions::code);
      case "v1/session" ->
          Map.of("GET", sessions::show, "POST", sessions::begin, "DELETE", sessions::end);
      case "v1/server" -> Map.of("GET", server::show);
      case "v1/events" -> Map.of("GET", this::events);
      default -> Map.of();
    };
  }

  private Map<String, Route> named(String list, String name) {
    return switch (list) {
      case "v1/clients" ->
          Map.of(
              "GET", request -> clients.one(request, name),
              "DELETE", request -> clients.end(request, name));
      case "v1/keys" -> Map.of("DELETE", request -> keys.revoke(request, name));
      case "v1/services" -> Map.of("DELETE", request -> services.close(request, name));
      default -> Map.of();
    };
  }

  private Map<String, Route> users(List<String> path) {
    if (!path.subList(0, 2).equals(List.of("v1", "clients")) || !path.get(3).equals("users")) {
      return Map.of();
    }
    String name = path.get(2);
    return path.size() == 4
        ? Map.of("GET", request -> clients.users(request, name))
        : Map.of("DELETE", request -> clients.endUser(request, name, path.get(4)));
  }

  private Reply metrics(Request request) throws ProblemException {
    Key key = callers.key(request);
    request.allow(Set.of());
    return Reply.text(MetricsText.TYPE, metrics.text(key));
  }

  private Reply description(Request request) throws ProblemException {
    callers.key(request);
    request.allow(Set.of());
    return Reply.ok(description.document());
  }

  private Reply events(Request request) throws ProblemException {
    Key key = callers.key(request);
    request.allow(Set.of());
    return Reply.stream("text/event-stream", feed.open(key, () -> callers.isStill(request, key)));
  }

  /** What is opened, or ended for good, is to be so in the next process too. */
  static void refuseWhileTakenOver(ProxyServer proxy) throws ProblemException {
    if (proxy.isBeingTakenOver()) {
      throw new ProblemException(
          503, "Another process takes this server over: try again in a few seconds.");
    }
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
