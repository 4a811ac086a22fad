package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import l4proxy.auth.Key;
import org.junit.jupiter.api.Test;

/** How many HTTP connections a key may have, and all keys. */
final class HttpPlacesTest {
  private final HttpPlaces places = new HttpPlaces();

  private static Key key(String name, boolean admin) {
    return new Key(name, "0".repeat(64), admin, Optional.empty(), 0, 0, Instant.EPOCH);
  }

  /** All the places that a key gets. */
  private List<HttpPlaces.Place> fill(Key key) {
    List<HttpPlaces.Place> taken = new ArrayList<>();
    Optional<HttpPlaces.Place> next = places.enter(key);
    while (next.isPresent()) {
      taken.add(next.get());
      next = places.enter(key);
    }
    return taken;
  }

  @Test
  void keyHasItsPlacesAndWhatItGivesBackServesAgain() {
    List<HttpPlaces.Place> taken = fill(key("one", false));
    assertEquals(HttpPlaces.OF_KEY, taken.size());
    taken.getFirst().close();
    assertEquals(1, fill(key("one", false)).size());
    assertEquals(HttpPlaces.OF_KEY, fill(key("two", false)).size());
  }

  @Test
  void manyKeysLeaveRoomForAdminsAndForThoseWithoutAKey() {
    int all = 0;
    for (int i = 0; i < 20; i++) {
      all += fill(key("k" + i, false)).size();
    }
    assertEquals(HttpPlaces.OF_KEYS, all);
    int admins = fill(key("admin", true)).size() + fill(key("second", true)).size();
    assertEquals(HttpPlaces.OF_ADMINS, admins);
    assertTrue(all + admins + Handshakes.PLACES < 1280, "what the HttpServer takes");
  }
}
