package l4proxy.server;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What was ended for good: the process that exposed it is not to have it again. Under the lock of
 * {@link Services}.
 */
final class EndedServices {
  private static final int MOST = 1000;

  /** As process and instance, the latest; the instance alone where the process is not known. */
  private final Deque<String> all = new ArrayDeque<>();

  /** Its process is not known when this server has been started and its client is not back yet. */
  void add(Service service) {
    add(service.process() + service.instance());
  }

  private void add(String ended) {
    all.add(ended);
    if (all.size() > MOST) {
      all.remove();
    }
  }

  /** Whether that process had it; where that is not known, the first one that asks. */
  boolean contains(String process, String instance) {
    if (all.remove(instance)) {
      add(process + instance);
    }
    return all.contains(process + instance);
  }
}
