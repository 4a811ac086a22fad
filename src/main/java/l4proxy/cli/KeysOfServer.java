package l4proxy.cli;

import com.google.gson.JsonObject;
import l4proxy.auth.Grant;
import l4proxy.client.RefusedException;

/** The keys of a running server, through its API. */
final class KeysOfServer implements KeyAccess {
  private static final String PATH = "/v1/keys";

  private final ServerApi api;

  KeysOfServer(ServerApi api) {
    this.api = api;
  }

  @Override
  public String create(Wanted wanted) throws UsageException, FailedException, RefusedException {
    JsonObject body = new JsonObject();
    body.addProperty("name", wanted.name());
    Grant grant = wanted.grant();
    body.addProperty("admin", grant.admin());
    body.addProperty("maxServices", grant.maxServices());
    body.addProperty("limitRate", grant.limitRate());
    grant.ports().ifPresent(ports -> body.addProperty("ports", ports.toString()));
    String key = ServerApi.text(api.post(PATH, body), "key");
    if (key.isEmpty()) {
      throw api.strange();
    }
    return key;
  }

  @Override
  public JsonObject list() throws UsageException, FailedException, RefusedException {
    return api.all(PATH, "keys");
  }

  @Override
  public void revoke(String name) throws UsageException, FailedException, RefusedException {
    api.delete(PATH + "/" + ServerApi.part(name));
  }

  @Override
  public void close() {}
}
