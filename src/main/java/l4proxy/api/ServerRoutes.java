package l4proxy.api;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import l4proxy.events.Counters;
import l4proxy.events.EndedBy;
import l4proxy.server.Limits;
import l4proxy.server.Load;
import l4proxy.server.ProxyServer;

/** The server's own figures, for admins: what the dashboard shows of {@link Metrics}. */
final class ServerRoutes {
  /**
   * How the server is. What the bounds are 0 for has none.
   *
   * @param host where clients reach it, as configured; empty when that is not said
   * @param turnedAway users, by the option that said no
   * @param ended users whose connections are over, by what ended them
   * @param controlPort where clients connect
   * @param openFiles -1 where the system does not tell
   * @param maxFiles -1 where the system does not tell
   */
  private record ServerFigures(
      String version,
      boolean ready,
      String host,
      int controlPort,
      Load load,
      Bounds limits,
      Map<String, Long> turnedAway,
      Map<String, Long> ended,
      long served,
      long strangersDropped,
      long openFiles,
      long maxFiles) {}

  private record Bounds(
      int maxUsers, int maxUsersPerIp, int maxUsersPerService, int userRatePerIp) {
    static Bounds of(Limits limits) {
      return new Bounds(
          limits.maxUsers(),
          limits.maxUsersPerIp(),
          limits.maxUsersPerService(),
          limits.userRatePerIp());
    }
  }

  private final ProxyServer proxy;
  private final Counters counters;
  private final Callers callers;

  ServerRoutes(ProxyServer proxy, Counters counters, Callers callers) {
    this.proxy = proxy;
    this.counters = counters;
    this.callers = callers;
  }

  Reply show(Request request) throws ProblemException {
    callers.admin(request);
    request.allow(Set.of());
    Map<String, Long> ended = new TreeMap<>();
    for (EndedBy each : EndedBy.values()) {
      ended.put(each.toString(), counters.ended(each));
    }
    UnixOperatingSystemMXBean system =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
            ? unix
            : null;
    ServerFigures figures =
        new ServerFigures(
            proxy.version(),
            proxy.ready(),
            proxy.view().host().orElse(""),
            proxy.controlAddress().port(),
            proxy.view().load(),
            Bounds.of(proxy.view().limits()),
            proxy.view().usersTurnedAway(),
            ended,
            counters.served(),
            counters.strangers(),
            system == null ? -1 : system.getOpenFileDescriptorCount(),
            system == null ? -1 : system.getMaxFileDescriptorCount());
    return Reply.ok(Json.of(figures));
  }
}
