package l4proxy.api;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryUsage;
import java.util.List;
import l4proxy.auth.Key;
import l4proxy.events.Counters;
import l4proxy.events.EndedBy;
import l4proxy.server.ClientView;
import l4proxy.server.Load;
import l4proxy.server.ProxyServer;

/**
 * What Prometheus is told: an admin all, another key the services of its own clients. No user has a
 * label, and at most {@value #MOST_SERVICES} services have.
 */
final class Metrics {
  static final int MOST_SERVICES = 100;

  private final ProxyServer proxy;
  private final Counters counters;

  Metrics(ProxyServer proxy, Counters counters) {
    this.proxy = proxy;
    this.counters = counters;
  }

  /** All that a key may see. */
  String text(Key key) {
    MetricsText text = new MetricsText();
    if (key.admin()) {
      Load load = proxy.view().load();
      users(text, load);
      clients(text, load);
      dials(text);
      process(text);
    }
    services(
        text,
        proxy.view().clients().stream()
            .filter(client -> key.admin() || client.key().equals(key.name()))
            .limit(MOST_SERVICES)
            .toList());
    return text.toString();
  }

  private void users(MetricsText text, Load load) {
    text.gauge("users", "Users connected now.").sample(load.users());
    text.counter("users_served", "Users that a backend was connected for.")
        .sample(counters.served());
    MetricsText.Family ended =
        text.counter("users_ended", "Users whose connections are over, by what ended them.");
    for (EndedBy reason : EndedBy.values()) {
      ended.sample(counters.ended(reason), "ended_by", reason.toString());
    }
    MetricsText.Family away =
        text.counter(
            "users_turned_away", "Users reset because of a limit, by the option that says so.");
    proxy.view().usersTurnedAway().forEach((reason, count) -> away.sample(count, "reason", reason));
    text.counter("user_retries", "Members that were tried in vain before another, or none, served.")
        .sample(counters.retries());
    text.counter("bytes", "Bytes carried; in is user to backend.")
        .sample(load.bytesIn(), "direction", "in")
        .sample(load.bytesOut(), "direction", "out");
  }

  private void clients(MetricsText text, Load load) {
    text.gauge("clients", "Clients that have a control connection now.").sample(load.clients());
    text.counter("clients_connected", "Control connections that proved their keys.")
        .sample(counters.clients());
    text.gauge("services", "Services exposed, those waiting for their client too.")
        .sample(load.services());
    text.gauge("tunnels", "Tunnels now: idle ones wait for a user, used ones carry one.")
        .sample(load.idleTunnels(), "state", "idle")
        .sample(load.tunnelsInUse(), "state", "used");
    text.gauge("handshakes_pending", "Connections that have not proven anything yet.")
        .sample(load.handshakes());
    text.counter("handshakes_dropped", "Such connections that had to go for others.")
        .sample(load.handshakesDropped());
    text.counter("strangers_dropped", "Such connections sent away, for whatever reason.")
        .sample(counters.strangers());
    text.counter("access_log_lost_lines", "Lines that the access log did not keep up with.")
        .sample(counters.linesLost());
  }

  private void dials(MetricsText text) {
    MetricsText.Family dials =
        text.histogram("dial_seconds", "From a user's coming until its backend is connected.");
    List<Long> counts = counters.dials();
    double sum = counters.dialSeconds();
    long within = 0;
    for (int i = 0; i < counts.size(); i++) {
      within += counts.get(i);
      boolean last = i == Counters.DIAL_BOUNDS.size();
      dials.part(
          "_bucket", within, "le", last ? "+Inf" : MetricsText.number(Counters.DIAL_BOUNDS.get(i)));
    }
    dials.part("_sum", sum).part("_count", within);
  }

  private void process(MetricsText text) {
    text.gauge("build_info", "1, with what runs as its label.")
        .sample(1, "version", proxy.version());
    text.gauge("process_start_time_seconds", "When the server started, since 1970.")
        .sample(ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3);
    MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
    text.gauge("heap_used_bytes", "Java heap in use.").sample(heap.getUsed());
    text.gauge("heap_committed_bytes", "Java heap taken from the system.")
        .sample(heap.getCommitted());
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      text.counter("process_cpu_seconds", "Processor time spent.")
          .sample(system.getProcessCpuTime() / 1e9);
      text.gauge("process_open_files", "File descriptors open.")
          .sample(system.getOpenFileDescriptorCount());
      text.gauge("process_max_files", "File descriptors that may be open.")
          .sample(system.getMaxFileDescriptorCount());
    }
  }

  private static void services(MetricsText text, List<ClientView> services) {
    MetricsText.Family users =
        text.gauge("service_users", "Users of a service now; of the first 100 services by name.");
    services.forEach(
        each -> users.sample(each.users(), "client", each.name(), "service", each.displayName()));
    MetricsText.Family bytes =
        text.counter("service_bytes", "Bytes of a service; of the first 100 services by name.");
    for (ClientView each : services) {
      String[] labels = {"client", each.name(), "service", each.displayName(), "direction", "in"};
      bytes.sample(each.bytesIn(), labels);
      labels[5] = "out";
      bytes.sample(each.bytesOut(), labels);
    }
  }
}
