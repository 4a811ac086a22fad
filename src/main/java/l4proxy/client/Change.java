package l4proxy.client;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;

/**
 * What becomes of a client's services when others are wanted: which is which. Only what has neither
 * public port, name nor backend in common with any of them is another service.
 *
 * @param gone not wanted any more
 * @param kept wanted as they are, or otherwise
 * @param fresh not there yet
 */
record Change(List<Service> gone, Map<Service, ServiceConfig> kept, List<ServiceConfig> fresh) {
  /** Who is taken for whom, first those most alike. */
  private static final List<BiPredicate<ServiceConfig, ServiceConfig>> ALIKE =
      List.of(
          ServiceConfig::equals,
          (one, other) -> samePort(one, other) && sameName(one, other) && sameBackend(one, other),
          (one, other) -> samePort(one, other) && sameName(one, other),
          (one, other) -> samePort(one, other) && sameBackend(one, other),
          (one, other) -> samePort(one, other) && one.publicPort() != 0,
          (one, other) -> sameName(one, other) && sameBackend(one, other),
          Change::sameName,
          Change::sameBackend);

  /** Compares what is with what is wanted. */
  static Change of(Collection<Service> now, List<ServiceConfig> wanted) {
    List<Service> gone = new ArrayList<>(now);
    List<ServiceConfig> fresh = new ArrayList<>(wanted);
    Map<Service, ServiceConfig> kept = new LinkedHashMap<>();
    for (BiPredicate<ServiceConfig, ServiceConfig> alike : ALIKE) {
      for (ServiceConfig each : List.copyOf(fresh)) {
        Optional<Service> same =
            gone.stream().filter(service -> alike.test(service.config(), each)).findFirst();
        if (same.isPresent()) {
          gone.remove(same.get());
          fresh.remove(each);
          kept.put(same.get(), each);
        }
      }
    }
    return new Change(gone, kept, fresh);
  }

  private static boolean samePort(ServiceConfig one, ServiceConfig other) {
    return one.publicPort() == other.publicPort();
  }

  private static boolean sameName(ServiceConfig one, ServiceConfig other) {
    return one.name().equals(other.name());
  }

  private static boolean sameBackend(ServiceConfig one, ServiceConfig other) {
    return one.backend().equals(other.backend());
  }
}
