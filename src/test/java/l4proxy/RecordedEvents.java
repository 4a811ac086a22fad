package l4proxy;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import l4proxy.events.Event;
import l4proxy.events.Events;
import org.awaitility.Awaitility;

/** Everything that happened, in order. */
public final class RecordedEvents implements Events {
  private final List<Event> all = new CopyOnWriteArrayList<>();

  @Override
  public void happened(Event event) {
    all.add(event);
  }

  public List<Event> all() {
    return all;
  }

  /** Those of one kind. */
  public <T extends Event> List<T> of(Class<T> kind) {
    return all.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** The first of one kind, waited for: it is told a moment after what it tells of can be seen. */
  public <T extends Event> T first(Class<T> kind) {
    return Awaitility.await("first " + kind.getSimpleName())
        .until(() -> of(kind).stream().findFirst(), Optional::isPresent)
        .orElseThrow();
  }
}
