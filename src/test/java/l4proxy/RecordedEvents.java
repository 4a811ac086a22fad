package l4proxy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import l4proxy.events.Event;
import l4proxy.events.Events;

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
}
