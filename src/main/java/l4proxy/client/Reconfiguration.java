package l4proxy.client;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import l4proxy.events.Event;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * Adds, changes and withdraws the services of a client, and tells the server, when it is there, of
 * each. Any thread; services change under the lock of {@link Services}.
 */
final class Reconfiguration {
  /** Numbers of services: 0 and up. */
  private static final int NUMBERS = 100_000;

  private final Services services;
  private final Function<List<ServiceConfig>, List<Instances.Instance>> instances;
  private final ProxyClient client;

  /** What somebody ended on the server. */
  private final List<Service> ended = new ArrayList<>();

  private Asked asked = new Asked(refused -> {});

  /**
   * Those of the beginning that are yet to be added, the same ones after memory was short; null
   * until they have their ids.
   */
  private @Nullable List<Service> first;

  private volatile boolean adding;
  private int number = -1;

  /**
   * Adds nothing yet.
   *
   * @param instances gives services the ids that the server knows them by, and may wait for them
   */
  Reconfiguration(
      Services services,
      Function<List<ServiceConfig>, List<Instances.Instance>> instances,
      ProxyClient client) {
    this.services = services;
    this.instances = instances;
    this.client = client;
  }

  /** The services of the beginning, once; may wait for another process that has their ids. */
  synchronized void begin(List<ServiceConfig> wanted) {
    List<Service> adding = first == null ? made(wanted, instances.apply(wanted)) : first;
    first = adding;
    adding.forEach(services::add);
    first = List.of();
  }

  private List<Service> made(List<ServiceConfig> wanted, List<Instances.Instance> ids) {
    List<Service> made = new ArrayList<>();
    for (int i = 0; i < wanted.size(); i++) {
      made.add(new Service(nextNumber(), wanted.get(i), ids.get(i)));
    }
    return made;
  }

  /** A number is not used again soon: users of its last service may be on the way. */
  private int nextNumber() {
    do {
      number = (number + 1) % NUMBERS;
    } while (services.configured(number) != null);
    return number;
  }

  /**
   * Goes over to what is wanted from now on, as {@link ProxyClient#reconfigure} says; one at a
   * time.
   */
  void to(List<ServiceConfig> wanted, Consumer<List<String>> outcome) {
    try {
      List<ServiceConfig> fresh = changeWhatIs(wanted, outcome);
      addAndExpose(fresh, instances.apply(fresh)); // what there is, is served meanwhile
    } finally {
      adding = false;
    }
  }

  private void addAndExpose(List<ServiceConfig> fresh, List<Instances.Instance> ids) {
    services.lock().lock();
    try {
      List<Service> added = made(fresh, ids);
      added.forEach(services::add);
      added.forEach(this::expose);
      adding = false; // before it is told
      asked.all();
    } finally {
      services.lock().unlock();
    }
  }

  /** Whether there will be services that are not there yet. */
  boolean isAdding() {
    return adding;
  }

  /** Withdraws and changes what there is; returns what is to be added. */
  private List<ServiceConfig> changeWhatIs(
      List<ServiceConfig> wanted, Consumer<List<String>> outcome) {
    services.lock().lock();
    try {
      Collection<Service> before = new ArrayList<>(services.configured());
      before.addAll(ended);
      Change change = Change.of(before, wanted);
      asked = new Asked(outcome);
      change.gone().forEach(this::withdraw);
      change(change.kept());
      adding = !change.fresh().isEmpty();
      return change.fresh();
    } finally {
      services.lock().unlock();
    }
  }

  /** The server accepted a service: what it was asked for counts. */
  @Nullable Service accepted(int number) {
    services.lock().lock();
    try {
      Service changed = services.settle(number);
      if (changed != null) {
        changed.takesEffect();
        services.add(changed);
      }
      asked.answered(number);
      return services.configured(number);
    } finally {
      services.lock().unlock();
    }
  }

  /** The server refused a service; when it was a change for good, it is to be what it was. */
  boolean refused(Message.Refused no, String text) {
    services.lock().lock();
    try {
      Service before = services.configured(no.service());
      if (before == null || !no.lasting()) {
        return false;
      }
      boolean dropped = services.settle(no.service()) != null;
      if (dropped) {
        client.happened(new Event.Warned(text + " It goes on as it was."));
        tell(before);
      }
      asked.refused(no.service(), before.config().name());
      return dropped;
    } finally {
      services.lock().unlock();
    }
  }

  /** Somebody ended a service on the server: it stays so, whatever is wanted later. */
  void ended(Service service) {
    services.lock().lock();
    try {
      services.remove(service.number());
      ended.add(service);
      asked.answered(service.number());
    } finally {
      services.lock().unlock();
    }
  }

  private void withdraw(Service service) {
    if (services.remove(service.number()) != null) {
      client.note("service " + service.config().name() + " is withdrawn");
      client.withdraw(service);
      service.release();
    }
  }

  private void change(Map<Service, ServiceConfig> kept) {
    List<Service> changes = new ArrayList<>();
    kept.forEach((service, wanted) -> {
      Service latest = services.latest(service.number());
      if (services.configured(service.number()) == service && latest != null) {
        if (!latest.config().equals(wanted)) {
          changes.add(service.changed(wanted));
        } else if (latest != service) {
          asked.about(service.number()); // it was so before, and is not answered yet
        }
      }
    });
    changes.forEach(services::propose);
    InTurn.of(changes, each -> Objects.requireNonNull(services.configured(each.number())))
        .forEach(step -> {
          if (step.withdraw()) {
            client.withdraw(step.service());
          } else {
            expose(step.service());
          }
        });
  }

  private void expose(Service service) {
    client.note("service " + service.config().name() + " is exposed as it is written now");
    asked.about(service.number());
    tell(service);
  }

  private void tell(Service service) {
    ServerSession now = client.session();
    if (now != null) {
      now.expose(service);
    }
  }

  /** What the server is to answer before all is said; under the lock of the services. */
  private static final class Asked {
    private final Consumer<List<String>> outcome;
    private final Set<Integer> open = new HashSet<>();
    private final List<String> refused = new ArrayList<>();
    private boolean all;
    private boolean told;

    private Asked(Consumer<List<String>> outcome) {
      this.outcome = outcome;
    }

    private void about(int number) {
      open.add(number);
    }

    private void refused(int number, String name) {
      if (open.contains(number)) {
        refused.add(name);
        answered(number);
      }
    }

    private void answered(int number) {
      open.remove(number);
      tell();
    }

    /** Nothing more is asked. */
    private void all() {
      all = true;
      tell();
    }

    private void tell() {
      if (all && open.isEmpty() && !told) {
        told = true;
        outcome.accept(List.copyOf(refused));
      }
    }
  }
}
