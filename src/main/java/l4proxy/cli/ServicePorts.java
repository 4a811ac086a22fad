package l4proxy.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import l4proxy.client.ServiceConfig;
import l4proxy.client.Sharing;

/**
 * Whether the ports that one client's services ask for go together, by the server's own rules: a
 * public port is asked for once, unless all share it by the same rule, and no port is both public
 * and internal. One internal port may serve any number of services.
 */
final class ServicePorts {
  private ServicePorts() {}

  /**
   * Looks at them all.
   *
   * @throws UsageException when the server would refuse one because of another
   */
  static void check(List<ServiceConfig> services) throws UsageException {
    Map<Integer, ServiceConfig> asked = new HashMap<>();
    for (ServiceConfig service : services) {
      ServiceConfig before = asked.putIfAbsent(service.publicPort(), service);
      if (service.publicPort() != 0 && before != null) {
        checkShared(before, service);
      }
    }
    for (ServiceConfig service : services) {
      int internal = service.internalPort().orElse(0);
      if (internal != 0 && asked.containsKey(internal)) {
        throw new UsageException(
            "The port "
                + internal
                + " is asked for both as a public port and with --int_port; give the tunnels"
                + " another one, or 0 for any.");
      }
    }
  }

  private static void checkShared(ServiceConfig one, ServiceConfig other) throws UsageException {
    Optional<String> rule = one.sharing().map(Sharing::balance);
    Optional<String> otherRule = other.sharing().map(Sharing::balance);
    if (rule.isEmpty() || otherRule.isEmpty()) {
      throw new UsageException(
          "Two services ask for the public port "
              + one.publicPort()
              + "; give each its own, or 0 for any, or give both --share_public_port.");
    }
    if (!rule.equals(otherRule)) {
      throw new UsageException(
          "Two services share the public port "
              + one.publicPort()
              + " with --balance "
              + rule.get()
              + " and --balance "
              + otherRule.get()
              + "; give all of them the same --balance.");
    }
  }
}
