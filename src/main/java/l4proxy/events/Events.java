package l4proxy.events;

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
