package l4proxy.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import l4proxy.api.Fields;
import l4proxy.net.HostPort;

/** The services of a client's {@code --config} file. */
final class ServiceFields {
  static final String FIELD = "services";

  private static final String HOST = "host";
  private static final String PORT = "port";

  /** A service as the file has it. */
  record Written(HostPort backend, ServiceOptions options) {}

  private ServiceFields() {}

  /**
   * Reads them.
   *
   * @param source names the file
   * @return what the file says; empty when it says nothing of services
   */
  static List<Written> read(Fields file, String source) throws UsageException {
    Optional<List<Fields>> objects = file.objects(FIELD);
    if (objects.isPresent() && objects.get().isEmpty()) {
      throw new UsageException(
          source + ": " + file.name(FIELD) + " is empty; expected at least one.");
    }
    List<Written> services = new ArrayList<>();
    for (Fields each : objects.orElse(List.of())) {
      services.add(service(each, source));
    }
    return services;
  }

  private static Written service(Fields fields, String source) throws UsageException {
    String host = fields.text(HOST).orElse(Backend.HOST);
    HostPort backend =
        new HostPort(host(fields, host), fields.number(PORT, 1, 65535).orElse(Backend.PORT));
    ServiceOptions service = new ServiceOptions();
    Options options = new Options(service);
    Map<String, String> names = new HashMap<>();
    List<String> words = new ArrayList<>();
    for (Option option : options.byName().values()) {
      String field = ServiceOptions.field(option);
      names.put(option.name(), field);
      Binding.text(fields, field, option)
          .ifPresent(value -> words.addAll(List.of(option.name(), value)));
    }
    try {
      options.fill(words);
    } catch (Values.Bad e) {
      throw new UsageException(
          source + ": " + fields.name(names.getOrDefault(e.option(), "")) + ": " + e.getMessage());
    }
    for (String left : fields.left()) {
      Set<String> known = new TreeSet<>(names.values());
      known.addAll(List.of(HOST, PORT));
      throw Binding.unknown(fields, left, source, known);
    }
    return new Written(backend, service);
  }

  private static String host(Fields fields, String text) {
    try {
      return new AddressValues.Host("").parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(fields.name(HOST) + ": " + e.getMessage());
    }
  }
}
