package l4proxy.events;

import java.util.List;

/** Who is told what happened. */
@FunctionalInterface
public interface Events {
  /**
   * Takes note; called on the thread it happened on, must not block.
   *
   * @param event what happened
   */
  void happened(Event event);

  /**
   * Tells several, one after the other.
   *
   * @param listeners in this order
   * @return who tells them
   */
  static Events all(Events... listeners) {
    List<Events> each = List.of(listeners);
    return event -> each.forEach(listener -> listener.happened(event));
  }

  /**
   * Writes each event as a line of the log.
   *
   * @param logger the name lines are logged under, {@code l4proxy.server}
   * @return the listener
   */
  static Events log(String logger) {
    System.Logger log = System.getLogger(logger);
    return event -> log.log(event.level(), event::text);
  }
}
