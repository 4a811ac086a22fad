package l4proxy.cli;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import l4proxy.api.Fields;
import l4proxy.client.ApiClient;
import l4proxy.client.RefusedException;
import l4proxy.client.Trust;
import l4proxy.net.HostPort;

/** The keys of a running server, through its API. */
final class KeysOfServer implements KeyAccess {
  private final HostPort server;
  private final Trust trust;
  private final ApiClient api;

  KeysOfServer(HostPort server, Trust trust) {
    this.server = server;
    this.trust = trust;
    // accepted is what the API accepted, not only TLS
    this.api = new ApiClient(server, new Trust(trust.key(), trust.pin(), pin -> {}));
  }

  @Override
  public String create(Wanted wanted)
      throws UsageException, FailedException, RefusedException, IOException {
    JsonObject body = new JsonObject();
    body.addProperty("name", wanted.name());
    body.addProperty("admin", wanted.admin());
    body.addProperty("maxServices", wanted.maxServices());
    wanted.ports().ifPresent(ports -> body.addProperty("ports", ports.toString()));
    return ask("POST", "/v1/keys", Optional.of(body.toString()))
        .text("key")
        .orElseThrow(this::strange);
  }

  @Override
  public List<List<String>> list()
      throws UsageException, FailedException, RefusedException, IOException {
    List<List<String>> rows = new ArrayList<>();
    String token = "";
    do {
      Fields page = ask("GET", "/v1/keys?pageSize=1000&pageToken=" + token, Optional.empty());
      for (Fields key : page.objects("keys").orElseThrow(this::strange)) {
        rows.add(
            KeyAccess.row(
                key.text("name").orElse(""),
                key.truth("admin").orElse(false),
                key.text("ports"),
                key.number("maxServices", 0, Integer.MAX_VALUE).orElse(0),
                key.text("createdAt").orElse("")));
      }
      token = page.text("nextPageToken").orElse("");
    } while (!token.isEmpty());
    return rows;
  }

  @Override
  public void revoke(String name)
      throws UsageException, FailedException, RefusedException, IOException {
    ask(
        "DELETE",
        "/v1/keys/" + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20"),
        Optional.empty());
  }

  private Fields ask(String method, String path, Optional<String> body)
      throws UsageException, FailedException, RefusedException {
    ApiClient.Answer answer = answer(method, path, body);
    try {
      Fields fields = Fields.parse(answer.body().isEmpty() ? "{}" : answer.body());
      if (answer.status() < 300) {
        trust.key().ifPresent(key -> trust.onAccepted().accept(key.pin()));
        return fields;
      }
      String detail = fields.text("detail").orElse("status " + answer.status());
      if (answer.status() == 400) {
        throw new UsageException(detail);
      }
      throw new FailedException("The server at " + server + " refused: " + detail);
    } catch (IllegalArgumentException e) {
      throw strange();
    }
  }

  private ApiClient.Answer answer(String method, String path, Optional<String> body)
      throws FailedException, RefusedException {
    try {
      return api.request(method, path, body);
    } catch (IOException e) {
      throw new FailedException(
          "Cannot talk to the server at "
              + server
              + " ("
              + e.getMessage()
              + "): is it running, and is --svr_addr right?");
    }
  }

  private FailedException strange() {
    return new FailedException(
        "The server at " + server + " gave no answer that this version understands.");
  }

  @Override
  public void close() {}
}
