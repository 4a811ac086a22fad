package l4proxy.server;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What two server processes say to each other while one takes the other over, see {@link
 * TakeoverLink}. {@code Next} is who takes over, {@code Last} who is taken over.
 *
 * <p>A listener is named by {@link #CONTROL}, {@link #API}, or the number of its port.
 */
sealed interface TakeoverMessage {
  /** The order and meaning of these messages: only processes with the same one understand. */
  int PROTOCOL = 1;

  /** The listener of the control port. */
  String CONTROL = "control";

  /** The listener of the API without TLS. */
  String API = "api";

  /**
   * Next: wants to take over.
   *
   * @param version what it calls itself
   * @param pid its process
   * @param control where it is to have its control port, as configured
   */
  record Take(int protocol, String version, long pid, String control) implements TakeoverMessage {}

  /** Last: no, and nothing has changed; why, and what to do, in one sentence. */
  record No(String text) implements TakeoverMessage {}

  /**
   * Last: yes.
   *
   * @param version what it calls itself
   * @param pid its process
   * @param controlPort where the control port listens
   * @param api where the API listens without TLS, if it does
   * @param ports of all its other listeners
   * @param users how many public ports have now, by number
   * @param leases what it remembers of public ports
   * @param forwarders its own forward proxies
   */
  record Yes(
      String version,
      long pid,
      int controlPort,
      @Nullable String api,
      List<Integer> ports,
      Map<Integer, Integer> users,
      List<Lease> leases,
      List<Proxy> forwarders)
      implements TakeoverMessage {}

  /**
   * A forward proxy of the server's own.
   *
   * @param login a secret; absent for none
   * @param allow where its users come from; absent for anywhere
   */
  record Proxy(
      String name, String displayName, int port, @Nullable String login, @Nullable String allow) {
    @Override
    public String toString() {
      return "Proxy[" + name + ", " + port + "]";
    }
  }

  /** Next: let me listen beside you. */
  record Share(String listener) implements TakeoverMessage {}

  /** Last: do. */
  record Shared(String listener) implements TakeoverMessage {}

  /** Next: I listen. */
  record Bound(String listener) implements TakeoverMessage {}

  /** Last: I do not any more. */
  record Closed(String listener) implements TakeoverMessage {}

  /** Next: I have all that I want; give the state directory up. From here there is no way back. */
  record Finish() implements TakeoverMessage {}

  /** Last: done; what users there are finish here. */
  record Released() implements TakeoverMessage {}

  /** Last: it took too long, or failed; I go on, and you end. */
  record Cancelled(String text) implements TakeoverMessage {}

  /** Next, after the end: a key was revoked; its users are to end. */
  record Revoked(String key) implements TakeoverMessage {}

  /** Next, once it has the control port: a service was ended, by its name; its users are to end. */
  record Ended(String service) implements TakeoverMessage {}
}
