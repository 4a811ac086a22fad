package l4proxy.server;

import java.net.InetSocketAddress;
import java.util.Optional;
import l4proxy.events.Event;
import l4proxy.events.Events;
import l4proxy.net.HostPort;
import l4proxy.net.Sockets;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * Tells a client where its service is: at the backend's own address while that answers, else at the
 * relay's; again whenever that changes.
 *
 * <p>Runs on a thread of {@link DirectDials}, not on the control connection's, until the session is
 * over or the service is withdrawn or exposed anew; the session interrupts it then.
 */
final class DirectAddress implements Runnable {
  private static final System.Logger LOG = System.getLogger("l4proxy.direct");

  private final ClientSession session;
  private final Message.Expose asked;
  private final Message.Exposed relay;
  private final Shared shared;
  private final InetSocketAddress address;
  private @Nullable Message last;

  /**
   * For one exposure of a service.
   *
   * @param asked what the client asked for
   * @param relay what it is told while its backend does not answer
   */
  DirectAddress(ClientSession session, Message.Expose asked, Message.Exposed relay, Shared shared) {
    this.session = session;
    this.asked = asked;
    this.relay = relay;
    this.shared = shared;
    this.address = new InetSocketAddress(session.remote().getAddress(), asked.backendPort());
  }

  @Override
  public void run() {
    try {
      DirectDials.Outcome outcome;
      do {
        outcome = shared.direct().ask(session.key().name(), address);
      } while (tell(outcome.answered()) && !session.isOverWithin(outcome.left()));
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "a bug, please report it", e);
    }
  }

  /** Says what is news; false when nobody is to be told any more. */
  private boolean tell(boolean answered) {
    shared.services().lock().lock();
    try {
      Optional<Service> service =
          shared.services().of(session, asked.service()).filter(this::isExposedByThis);
      service.ifPresent(s -> tell(s, answered));
      return service.isPresent();
    } finally {
      shared.services().lock().unlock();
    }
  }

  /** One that was asked for anew, even with the same words, has a thread of its own. */
  @SuppressWarnings("ReferenceEquality")
  private boolean isExposedByThis(Service service) {
    return service.asked() == asked;
  }

  private void tell(Service service, boolean answered) {
    HostPort backend = HostPort.parse(Sockets.text(address), -1);
    Message now = answered ? relay.at(backend.host(), backend.port()) : relay;
    if (now.equals(last)) {
      return;
    }
    last = now;
    service.direct(answered ? backend : null);
    session.send(now);
    Events events = service.port().events();
    events.happened(
        new Event.Noted(
            answered
                ? "the backend of service " + service.name() + " answers at " + backend + " itself"
                : "the backend of service "
                    + service.name()
                    + " does not answer at "
                    + backend
                    + ": users come through the relay"));
  }
}
