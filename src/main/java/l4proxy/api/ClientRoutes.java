package l4proxy.api;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import l4proxy.auth.Key;
import l4proxy.server.ClientView;
import l4proxy.server.ProxyServer;

/** What is exposed, for whom it concerns: an admin key sees all, another its own. */
final class ClientRoutes {
  private static final Set<String> LIST = parameters();

  private final ProxyServer proxy;
  private final Callers callers;

  ClientRoutes(ProxyServer proxy, Callers callers) {
    this.proxy = proxy;
    this.callers = callers;
  }

  private static Set<String> parameters() {
    Set<String> all = new HashSet<>(Page.PARAMETERS);
    all.add("displayName");
    return all;
  }

  Reply list(Request request) throws ProblemException {
    Key key = callers.key(request);
    request.allow(LIST);
    String wanted = request.query().getOrDefault("displayName", "");
    List<ClientView> all =
        visible(key).stream()
            .filter(client -> wanted.isEmpty() || client.displayName().equals(wanted))
            .toList();
    return Page.of(request).reply("clients", all, ClientView::name);
  }

  Reply one(Request request, String name) throws ProblemException {
    Key key = callers.key(request);
    request.allow(Set.of());
    return visible(key).stream()
        .filter(client -> client.name().equals(name))
        .findFirst()
        .map(client -> Reply.ok(Json.of(client)))
        .orElseThrow(() -> new ProblemException(404, "There is no client of that name."));
  }

  private List<ClientView> visible(Key key) {
    return proxy.clients().stream()
        .filter(client -> key.admin() || client.key().equals(key.name()))
        .toList();
  }
}
