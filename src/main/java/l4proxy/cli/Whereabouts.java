package l4proxy.cli;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import l4proxy.api.Fields;
import l4proxy.client.ApiClient;
import l4proxy.client.RefusedException;
import org.jspecify.annotations.Nullable;

/**
 * Where the clients of a display name are now, asked of the server at most once a second and by one
 * thread at a time. Any thread.
 */
final class Whereabouts {
  private static final Duration FRESH = Duration.ofSeconds(1);
  private static final int MOST_PAGES = 100;

  /** What the server said. */
  sealed interface Answer {
    /** The one connected longest is reachable here. */
    record At(String address) implements Answer {}

    /** It exists, and no client of that name is connected. */
    record Away() implements Answer {}

    /** There is none of that name. */
    record Unknown() implements Answer {}

    /** The server could not be asked. */
    record Unsure(String reason) implements Answer {}
  }

  private final ApiClient api;
  private final String displayName;
  private final Optional<String> key;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable Answer last;
  private long asked;

  /**
   * Asks nothing yet.
   *
   * @param key whose clients count; absent: all that the API shows
   */
  Whereabouts(ApiClient api, String displayName, Optional<String> key) {
    this.api = api;
    this.displayName = displayName;
    this.key = key;
  }

  /** Where to go now. */
  Answer now() {
    lock.lock();
    try {
      Answer known = last;
      if (known == null || System.nanoTime() - asked > FRESH.toNanos()) {
        known = ask();
        last = known;
        asked = System.nanoTime();
      }
      return known;
    } finally {
      lock.unlock();
    }
  }

  private Answer ask() {
    try {
      List<Fields> all = clients();
      record Client(Instant since, String address) {}
      List<Client> connected = new ArrayList<>();
      boolean any = false;
      for (Fields each : all) {
        if (key.isEmpty() || each.text("key").equals(key)) {
          any = true;
          if (each.text("state").equals(Optional.of("connected"))) {
            connected.add(
                new Client(
                    Instant.parse(each.text("connectedAt").orElse("")),
                    each.text("publicAddress").orElse("")));
          }
        }
      }
      boolean known = any;
      return connected.stream()
          .min(Comparator.comparing(Client::since))
          .<Answer>map(client -> new Answer.At(client.address()))
          .orElseGet(() -> known ? new Answer.Away() : new Answer.Unknown());
    } catch (IOException | RefusedException | RuntimeException e) {
      return new Answer.Unsure(String.valueOf(e.getMessage()));
    }
  }

  private List<Fields> clients() throws IOException, RefusedException {
    List<Fields> all = new ArrayList<>();
    String token = "";
    for (int pages = 0; pages < MOST_PAGES; pages++) {
      ApiClient.Answer answer =
          api.request(
              "GET",
              "/v1/clients?pageSize=1000&displayName="
                  + encoded(displayName)
                  + "&pageToken="
                  + encoded(token),
              Optional.empty());
      Fields said = Fields.parse(answer.body());
      if (answer.status() != 200) {
        throw new IOException(said.text("detail").orElse("status " + answer.status()));
      }
      all.addAll(said.objects("clients").orElse(List.of()));
      token = said.text("nextPageToken").orElse("");
      if (token.isEmpty()) {
        break;
      }
    }
    return all;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
