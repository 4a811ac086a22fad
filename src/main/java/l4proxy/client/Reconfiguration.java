package l4proxy.client;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/**
 * Adds, changes and withdraws the services of a client, and tells the server, when it is there, of
 * each. Any thread; all of it happens under the lock of {@link Services}.
 */
final class Reconfiguration {
  /** Numbers of services: 0 and up. */
  private static final int NUMBERS = 100_000;

  private final Services services;
  private final Function<ServiceConfig, Instances.Instance> instances;
  private final ProxyClient client;

  /** What somebody ended on the server. */
  private final List<Service> ended = new ArrayList<>();

  private int number = -1;

  /**
   * Adds nothing yet.
   *
   * @param instances gives a service the id that the server knows it by
   */
  Reconfiguration(
      Services services,
      Function<ServiceConfig, Instances.Instance> instances,
      ProxyClient client) {
    this.services = services;
    this.instances = instances;
    this.client = client;
  }

  /** One more service. */
  Service add(ServiceConfig wanted) {
    do { // a number is not used again soon: users of its last service may be on the way
      number = (number + 1) % NUMBERS;
    } while (services.configured(number) != null);
    Service added = new Service(number, wanted, instances.apply(wanted));
    services.add(added);
    return added;
  }

  /** Goes over to what is wanted from now on, as {@link ProxyClient#reconfigure} says. */
  void to(List<ServiceConfig> wanted) {
    services.lock().lock();
    try {
      Collection<Service> before = new ArrayList<>(services.configured());
      before.addAll(ended);
      Change change = Change.of(before, wanted);
      change.gone().forEach(this::withdraw);
      change.kept().forEach(this::change);
      change.fresh().stream().map(this::add).forEach(this::expose);
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

  private void change(Service service, ServiceConfig wanted) {
    if (!service.config().equals(wanted) && services.configured(service.number()) == service) {
      Service changed = service.changed(wanted);
      services.add(changed);
      expose(changed);
    }
  }

  private void expose(Service service) {
    client.note("service " + service.config().name() + " is exposed as it is written now");
    ServerSession now = client.session();
    if (now != null) {
      now.expose(service);
    }
  }
}
