package l4proxy.cli;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import l4proxy.api.Fields;
import l4proxy.client.ServiceConfig;
import l4proxy.net.HostPort;

/** The services of a client's {@code --config} file. */
final class ServiceFields {
  static final String FIELD = "services";
  static final String HOST = "127.0.0.1";
  static final int PORT = 22;
  static final String NAME = "unknown";

  private static final List<String> KNOWN =
      List.of("name", "host", "port", "publicPort", "plainTunnels");

  private ServiceFields() {}

  /**
   * Reads them.
   *
   * @param source names the file
   * @return what the file says; empty when it says nothing of services
   */
  static List<ServiceConfig> read(Fields file, String source) throws UsageException {
    Optional<List<Fields>> objects = file.objects(FIELD);
    if (objects.isPresent() && objects.get().isEmpty()) {
      throw new UsageException(
          source + ": " + file.name(FIELD) + " is empty; expected at least one.");
    }
    List<ServiceConfig> services = new ArrayList<>();
    for (Fields each : objects.orElse(List.of())) {
      services.add(service(each));
      for (String left : each.left()) {
        throw Binding.unknown(each, left, source, KNOWN);
      }
    }
    return services;
  }

  private static ServiceConfig service(Fields fields) {
    String name = fields.text("name").orElse(NAME);
    checked(fields, "name", () -> new Values.DisplayName("").parse(name));
    String host = fields.text("host").orElse(HOST);
    checked(fields, "host", () -> new Values.Host("").parse(host));
    return new ServiceConfig(
        name,
        new HostPort(host, fields.number("port", 1, 65535).orElse(PORT)),
        fields.number("publicPort", 0, 65535).orElse(0),
        fields.truth("plainTunnels").orElse(false));
  }

  private static void checked(Fields fields, String field, Runnable check) {
    try {
      check.run();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(fields.name(field) + ": " + e.getMessage());
    }
  }

  /** A public port can be asked for once. */
  static void checkPorts(List<ServiceConfig> services) throws UsageException {
    Set<Integer> asked = new HashSet<>();
    for (ServiceConfig service : services) {
      if (service.publicPort() != 0 && !asked.add(service.publicPort())) {
        throw new UsageException(
            "Two services ask for the public port "
                + service.publicPort()
                + "; give each its own, or 0 for any.");
      }
    }
  }
}
