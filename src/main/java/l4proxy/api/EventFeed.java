package l4proxy.api;

import com.google.gson.JsonObject;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import l4proxy.auth.Key;
import l4proxy.events.Event;
import l4proxy.events.Events;

/**
 * What happens, as it happens, for those who listen over HTTP: an admin hears all, another key what
 * concerns its own clients.
 *
 * <p>Whoever tells it something never waits: a listener that does not keep up is let go. Any thread
 * may call it.
 */
public final class EventFeed implements Events {
  /** With admin keys, and as many with all others: so that these take no place from admins. */
  static final int MOST_LISTENERS = 64;

  static final int MOST_OF_KEY = 8;

  private final Set<EventListener> listeners = ConcurrentHashMap.newKeySet();

  /** Nobody listens yet. */
  public EventFeed() {}

  @Override
  public void happened(Event event) {
    if (listeners.isEmpty()) {
      return;
    }
    String text = text(event);
    for (EventListener each : listeners) {
      if (each.key().admin() || each.key().name().equals(event.key())) {
        each.hears(text);
      }
    }
  }

  /** One event of the stream: its type, and a line of JSON. */
  private static String text(Event event) {
    JsonObject data = new JsonObject();
    data.addProperty("time", Instant.now().toString());
    data.addProperty("client", event.name());
    data.addProperty("text", event.text());
    String type = event.getClass().getSimpleName();
    return "event: "
        + Character.toLowerCase(type.charAt(0))
        + type.substring(1)
        + "\ndata: "
        + data
        + "\n\n";
  }

  /**
   * Somebody listens from now on, until it is closed.
   *
   * @param good whether what it came with is good yet, a browser's session say
   */
  EventListener open(Key key, BooleanSupplier good) throws ProblemException {
    synchronized (listeners) {
      long alike = listeners.stream().filter(each -> each.key().admin() == key.admin()).count();
      long same = listeners.stream().filter(each -> each.key().equals(key)).count();
      if (alike >= MOST_LISTENERS || same >= MOST_OF_KEY) {
        throw new ProblemException(
            503,
            "Too many listen already, at most "
                + MOST_LISTENERS
                + (key.admin() ? " with admin keys and " : " with keys that are not admin and ")
                + MOST_OF_KEY
                + " with one key; close one of those.");
      }
      EventListener listener = new EventListener(key, good, listeners::remove);
      listeners.add(listener);
      return listener;
    }
  }

  /** How many listen now. */
  int listeners() {
    return listeners.size();
  }

  /** A key is not good any more: who listens with it is let go. */
  void revoked(Key key) {
    listeners.stream().filter(each -> each.key().equals(key)).forEach(EventListener::end);
  }
}
