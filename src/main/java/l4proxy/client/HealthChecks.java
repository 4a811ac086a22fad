package l4proxy.client;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import l4proxy.events.Event;
import l4proxy.wire.Message;

/**
 * The health checks of one control connection: a virtual thread, {@code health NAME}, for each
 * service that wants them, from when it is exposed until the connection is lost or the service is
 * not this one any more. What they come to outlives the connection, in {@link Service#health()}.
 */
final class HealthChecks {
  private final ProxyClient client;
  private final Consumer<Message> send;
  private final CountDownLatch over;
  private final Set<Service> checked = ConcurrentHashMap.newKeySet();

  /**
   * Starts nothing yet.
   *
   * @param send tells the server
   * @param over at zero when the control connection is lost
   */
  HealthChecks(ProxyClient client, Consumer<Message> send, CountDownLatch over) {
    this.client = client;
    this.send = send;
    this.over = over;
  }

  /** The server has just been asked for a service, of which it has what this process said last. */
  void asked(Service service) {
    tell(service);
  }

  /** The service is exposed: it is looked after from now on. */
  void exposed(Service service) {
    if (service.config().handling().health().isPresent() && checked.add(service)) {
      HealthCheck check = service.config().handling().health().get();
      try {
        client.threads().execute(() -> run(service, check));
      } catch (RejectedExecutionException closing) {
        // the client is being closed: nobody is looked after any more
      }
    }
  }

  private void run(Service service, HealthCheck check) {
    Thread.currentThread().setName("health " + service.config().name());
    try {
      long began;
      do {
        began = System.nanoTime();
        check(service, check);
      } while (isWanted(service) && !isOverWithin(check.interval(), began));
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } finally {
      checked.remove(service);
    }
  }

  private boolean isOverWithin(Duration interval, long began) throws InterruptedException {
    return over.await(interval.toNanos() - (System.nanoTime() - began), TimeUnit.NANOSECONDS);
  }

  private boolean isWanted(Service service) {
    return over.getCount() > 0 && client.services().configured(service.number()) == service;
  }

  private void check(Service service, HealthCheck check) {
    String fault = "";
    try {
      HealthProbe.look(service.config(), check);
    } catch (IOException e) {
      fault = String.valueOf(e.getMessage());
    }
    client.services().lock().lock(); // so that no other service of that number is exposed meanwhile
    try {
      if (isWanted(service) && service.health().checked(fault.isEmpty())) {
        tell(service);
        note(service, fault);
      }
    } finally {
      client.services().lock().unlock();
    }
  }

  private void tell(Service service) {
    send.accept(new Message.Health(service.number(), service.health().up()));
  }

  private void note(Service service, String fault) {
    String which = service.backendText();
    client.happened(
        fault.isEmpty()
            ? new Event.Noted(which + " is fit for users again")
            : new Event.Warned(
                which
                    + " fails its health check ("
                    + fault
                    + "): it gets no users while another member is fit"));
  }
}
