package l4proxy.image;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import l4proxy.FakeClient;
import l4proxy.auth.JoinKey;
import l4proxy.client.ApiClient;
import l4proxy.client.RefusedException;
import l4proxy.client.Trust;
import l4proxy.net.HostPort;

/**
 * A thread that creates keys on a server, one after another, revokes every third, and joins with
 * some for a new lease; it remembers what was answered. Ends with {@link #close()} alone: a server
 * that is not there is tried again.
 */
final class StateChanges implements AutoCloseable {
  private static final int CREATED = 201;
  private static final int DONE = 204;

  private final HostPort server;
  private final ApiClient api;
  private final String stem;
  private final Map<String, JoinKey> kept = new HashMap<>();
  private final Map<String, JoinKey> revoked = new HashMap<>();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final Thread thread;
  private volatile boolean closed;
  private volatile String last = "nothing";

  /** With names of keys that begin so. */
  StateChanges(HostPort server, JoinKey admin, String stem) {
    this.server = server;
    this.api = new ApiClient(server, new Trust(Optional.of(admin), Optional.empty(), pin -> {}));
    this.stem = stem;
    this.thread = Thread.ofVirtual().name("changes " + stem).start(this::run);
  }

  private void run() {
    for (int i = 0; !closed; i++) {
      String name = stem + "-" + i;
      try {
        JsonObject wanted = new JsonObject();
        wanted.addProperty("name", name);
        ApiClient.Answer answer = api.request("POST", "/v1/keys", Optional.of(wanted.toString()));
        last = String.valueOf(answer.status());
        if (answer.status() == CREATED) {
          JoinKey key = key(answer);
          kept.put(name, key);
          begun.countDown();
          if (i % 3 == 2) {
            revoke(name, key);
          } else {
            join(key);
          }
        }
      } catch (IOException gone) {
        last = gone.toString();
        pause(); // killed, or not there yet
      } catch (RefusedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(10);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static JoinKey key(ApiClient.Answer answer) throws IOException {
    try {
      return JoinKey.parse(
          JsonParser.parseString(answer.body()).getAsJsonObject().get("key").getAsString());
    } catch (RuntimeException cutOff) {
      throw new IOException(cutOff);
    }
  }

  private void join(JoinKey key) throws IOException {
    try (FakeClient client = new FakeClient(server, key)) {
      client.exposeAt("brief", 0);
    }
  }

  /** Whether it is done is open until the answer is there. */
  private void revoke(String name, JoinKey key) throws IOException, RefusedException {
    kept.remove(name);
    if (api.request("DELETE", "/v1/keys/" + name, Optional.empty()).status() == DONE) {
      revoked.put(name, key);
    }
  }

  /** Waits until one was created. */
  void awaitBegun() throws InterruptedException {
    if (!begun.await(Faults.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("no key is created; last there was " + last);
    }
  }

  /** Created, and nobody asked to revoke them; after the end. */
  Map<String, JoinKey> kept() {
    return kept;
  }

  /** Revoked; after the end. */
  Map<String, JoinKey> revoked() {
    return revoked;
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
