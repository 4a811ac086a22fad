package l4proxy.cli;

import com.google.gson.JsonElement;
import java.util.List;
import java.util.stream.StreamSupport;
import l4proxy.client.RefusedException;

/** Finds the client that somebody means. */
final class ClientNames {
  private static final int MOST_SHOWN = 10;

  private ClientNames() {}

  /**
   * The API's name of a client.
   *
   * @param given that name, or a display name that only one client has
   */
  static String find(ServerApi api, String given)
      throws UsageException, FailedException, RefusedException {
    List<JsonElement> all =
        StreamSupport.stream(
                api.all("/v1/clients", "clients").getAsJsonArray("clients").spliterator(), false)
            .toList();
    if (all.stream().anyMatch(each -> ServerApi.text(each, "name").equals(given))) {
      return given;
    }
    List<JsonElement> called =
        all.stream().filter(e -> ServerApi.text(e, "displayName").equals(given)).toList();
    if (called.size() == 1) {
      return ServerApi.text(called.getFirst(), "name");
    }
    throw new FailedException(
        called.isEmpty()
            ? "There is no client "
                + Text.quoted(given)
                + "; 'l4proxy client list' shows those that are there for this key."
            : "Several clients are called " + given + ": " + candidates(called) + "; name one.");
  }

  private static String candidates(List<JsonElement> called) {
    List<String> shown =
        called.stream()
            .limit(MOST_SHOWN)
            .map(e -> ServerApi.text(e, "name") + " (" + ServerApi.text(e, "publicAddress") + ")")
            .toList();
    int more = called.size() - shown.size();
    return String.join(", ", shown) + (more == 0 ? "" : " and " + more + " more");
  }
}
