package l4proxy.api;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import l4proxy.http.ProxyAccess;
import l4proxy.net.CidrList;
import l4proxy.server.ForwarderView;
import l4proxy.server.Forwarders;
import l4proxy.server.PortTakenException;
import l4proxy.server.ProxyServer;

/** The services that the server runs itself, for admins. */
final class ServiceRoutes {
  private static final String NAME = "unknown";

  private final ProxyServer proxy;
  private final Forwarders forwarders;
  private final Callers callers;

  ServiceRoutes(ProxyServer proxy, Callers callers) {
    this.proxy = proxy;
    this.forwarders = proxy.forwarders();
    this.callers = callers;
  }

  Reply list(Request request) throws ProblemException {
    callers.admin(request);
    request.allow(Page.PARAMETERS);
    return Page.of(request).reply("services", forwarders.list(), ForwarderView::name);
  }

  Reply create(Request request) throws ProblemException, IOException {
    callers.admin(request);
    request.allow(Set.of());
    Routes.refuseWhileTakenOver(proxy);
    try {
      return create(request.body());
    } catch (IllegalArgumentException e) {
      throw new ProblemException(400, String.valueOf(e.getMessage()));
    } catch (PortTakenException e) {
      throw new ProblemException(409, String.valueOf(e.getMessage()));
    }
  }

  private Reply create(Fields body) throws PortTakenException {
    if (!body.text("kind").equals(Optional.of(Forwarders.KIND))) {
      throw new IllegalArgumentException("\"kind\" is not \"" + Forwarders.KIND + "\".");
    }
    int port = body.number("publicPort", 0, 65535).orElse(0);
    String name = body.text("displayName").orElse(NAME);
    if (!name.matches("[A-Za-z0-9._-]{1,19}")) {
      throw new IllegalArgumentException(
          "\"displayName\" is not 1 to 19 letters, digits, '-', '_' or '.'.");
    }
    ProxyAccess access =
        ProxyAccess.of(body.text("userAuth"), body.text("allow").map(CidrList::parse));
    for (String left : body.left()) {
      throw new IllegalArgumentException(
          "There is no field "
              + body.name(left)
              + "; expected kind, publicPort, displayName, userAuth, allow.");
    }
    JsonObject shown = Json.of(forwarders.open(name, port, access)).getAsJsonObject();
    access.login().ifPresent(login -> shown.addProperty("proxyLogin", login.text()));
    return Reply.created(shown);
  }

  Reply close(Request request, String name) throws ProblemException {
    callers.admin(request);
    request.allow(Set.of());
    Routes.refuseWhileTakenOver(proxy);
    if (!forwarders.close(name)) {
      throw new ProblemException(404, "There is no service of that name.");
    }
    return Reply.done();
  }
}
