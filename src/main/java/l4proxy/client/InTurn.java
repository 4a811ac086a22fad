package l4proxy.client;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The order in which the server is asked for changes, so that each finds the ports it wants left by
 * the others. What it has now is given up first only where changes wait for each other in a circle,
 * such as two services that exchange their ports.
 */
final class InTurn {
  /**
   * One message to the server.
   *
   * @param service what is asked for, or withdrawn as it is now
   * @param withdraw which of the two
   */
  record Step(Service service, boolean withdraw) {}

  private InTurn() {}

  /**
   * Puts changes in order.
   *
   * @param changes what services are to be
   * @param now what each of them is
   */
  static List<Step> of(List<Service> changes, Function<Service, Service> now) {
    List<Step> steps = new ArrayList<>();
    List<Service> left = new ArrayList<>(changes);
    Set<Service> holding = new HashSet<>(changes);
    while (!left.isEmpty()) {
      Optional<Service> next =
          left.stream()
              .filter(each ->
                  holding.stream()
                      .allMatch(o -> o == each || fit(now.apply(o).config(), each.config())))
              .findFirst();
      if (next.isPresent()) {
        steps.add(new Step(next.get(), false));
        left.remove(next.get());
        holding.remove(next.get());
      } else {
        Service first = left.stream().filter(holding::contains).findFirst().orElseThrow();
        steps.add(new Step(now.apply(first), true));
        holding.remove(first);
      }
    }
    return steps;
  }

  /** Whether the server has a service as it is to be beside another as that one is. */
  private static boolean fit(ServiceConfig there, ServiceConfig wanted) {
    int port = wanted.publicPort();
    int internal = wanted.internalPort().orElse(0);
    boolean shared =
        there.sharing().isPresent()
            && there.sharing().map(Sharing::balance).equals(wanted.sharing().map(Sharing::balance));
    return (port == 0
            || shared && there.publicPort() == port
            || there.publicPort() != port && there.internalPort().orElse(0) != port)
        && (internal == 0 || there.publicPort() != internal);
  }
}
