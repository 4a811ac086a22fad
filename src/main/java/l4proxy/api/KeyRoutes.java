package l4proxy.api;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import l4proxy.auth.Grant;
import l4proxy.auth.KeyConflictException;
import l4proxy.auth.Keys;
import l4proxy.auth.NewKey;
import l4proxy.net.PortRanges;

/** The server's keys, for admins. */
final class KeyRoutes {
  private final Keys keys;
  private final Callers callers;

  KeyRoutes(Keys keys, Callers callers) {
    this.keys = keys;
    this.callers = callers;
  }

  Reply list(Request request) throws ProblemException {
    callers.admin(request);
    request.allow(Page.PARAMETERS);
    return Page.of(request).reply("keys", KeyView.all(keys), KeyView::name);
  }

  Reply create(Request request) throws ProblemException, IOException {
    callers.admin(request);
    request.allow(Set.of());
    Fields body = request.body();
    try {
      return create(body);
    } catch (IllegalArgumentException e) {
      throw new ProblemException(400, String.valueOf(e.getMessage()));
    } catch (KeyConflictException e) {
      throw new ProblemException(409, String.valueOf(e.getMessage()));
    }
  }

  private Reply create(Fields body) throws KeyConflictException, IOException {
    String name =
        body.text("name").orElseThrow(() -> new IllegalArgumentException("\"name\" is missing."));
    boolean admin = body.truth("admin").orElse(false);
    Optional<PortRanges> ports = body.text("ports").map(PortRanges::parse);
    int maxServices = body.number("maxServices", 0, Integer.MAX_VALUE).orElse(0);
    int limitRate = body.number("limitRate", 0, Integer.MAX_VALUE).orElse(0);
    for (String left : body.left()) {
      throw new IllegalArgumentException(
          "There is no field "
              + body.name(left)
              + "; expected name, admin, ports, maxServices, limitRate.");
    }
    NewKey made = keys.create(name, new Grant(admin, ports, maxServices, limitRate));
    JsonObject shown = Json.of(KeyView.of(made.key())).getAsJsonObject();
    shown.addProperty("key", made.joinKey().text());
    return Reply.created(shown);
  }

  Reply revoke(Request request, String name) throws ProblemException, IOException {
    callers.admin(request);
    request.allow(Set.of());
    if (!keys.revoke(name)) {
      throw new ProblemException(
          404, "There is no key of that name; 'l4proxy key list' shows those there are.");
    }
    return Reply.done();
  }
}
