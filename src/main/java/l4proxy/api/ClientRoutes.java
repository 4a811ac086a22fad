package l4proxy.api;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import l4proxy.auth.Key;
import l4proxy.server.ClientView;
import l4proxy.server.ProxyServer;

/**
 * What is exposed and who uses it, for whom it concerns: an admin key sees all, another its own.
 */
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
        proxy.view().clients().stream()
            .filter(client -> visible(key, client))
            .filter(client -> wanted.isEmpty() || client.displayName().equals(wanted))
            .toList();
    return Page.of(request).reply("clients", all, ClientView::name);
  }

  Reply one(Request request, String name) throws ProblemException {
    Key key = callers.key(request);
    request.allow(Set.of());
    return Reply.ok(Json.of(client(key, name)));
  }

  Reply end(Request request, String name) throws ProblemException {
    Key key = callers.key(request);
    request.allow(Set.of());
    client(key, name);
    Routes.refuseWhileTakenOver(proxy);
    if (!proxy.view().endClient(name)) {
      throw unknown();
    }
    return Reply.done();
  }

  Reply users(Request request, String name) throws ProblemException {
    Key key = callers.key(request);
    request.allow(Page.PARAMETERS);
    client(key, name);
    return Page.of(request).reply("users", proxy.view().users(name), user -> order(user.id()));
  }

  /** Numbers of one length, in whose order as texts they come as numbers. */
  private static String order(long id) {
    return "%019d".formatted(id);
  }

  Reply endUser(Request request, String name, String id) throws ProblemException {
    Key key = callers.key(request);
    request.allow(Set.of());
    ClientView client = client(key, name);
    if (!id.matches("[0-9]{1,18}") || !proxy.view().endUser(name, Long.parseLong(id))) {
      throw new ProblemException(
          404, "Client " + client.displayName() + " has no user of that id.");
    }
    return Reply.done();
  }

  /** A client that the key may know of; another's is as unknown as none. */
  private ClientView client(Key key, String name) throws ProblemException {
    return proxy
        .view()
        .client(name)
        .filter(client -> visible(key, client))
        .orElseThrow(ClientRoutes::unknown);
  }

  private static ProblemException unknown() {
    return new ProblemException(
        404, "There is no client of that name; 'l4proxy client list' shows those there are.");
  }

  private static boolean visible(Key key, ClientView client) {
    return key.admin() || client.key().equals(key.name());
  }
}
