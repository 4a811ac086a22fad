package l4proxy.http;

import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A request to a forward proxy, without its body.
 *
 * @param head as it was read
 * @param target what it is for
 * @param framing where its body ends
 */
record Request(RequestHead head, Target target, Framing framing) {
  /** Safe methods (RFC 9110, 9.2.1) that have no body. */
  private static final Set<String> REPEATABLE = Set.of("GET", "HEAD", "OPTIONS");

  /** The most proxies that an OPTIONS may pass, whatever it says. */
  private static final int FURTHEST = 1_000_000_000;

  /** Reads the head; refuses what is not for a proxy, or could be read in two ways. */
  static Request of(RequestHead head) throws Rejection {
    return new Request(head, Target.of(head), Framing.of(head));
  }

  /** Whether it has no body. */
  boolean bare() {
    return framing instanceof Framing.None;
  }

  /**
   * How many proxies it may pass yet, this one included: RFC 9110, 7.6.2.
   *
   * @return 0 when it is to be answered here; empty when it does not say, or is no OPTIONS
   */
  OptionalInt mayPass() {
    List<String> said = head.fields().values("Max-Forwards");
    if (!head.method().equals("OPTIONS")
        || said.size() != 1
        || !said.getFirst().matches("[0-9]+")) {
      return OptionalInt.empty();
    }
    boolean near = said.getFirst().matches("0*[0-9]{1,9}");
    return OptionalInt.of(near ? Integer.parseInt(said.getFirst()) : FURTHEST);
  }

  /** Whether it may be sent again, to a server that may have served it already. */
  boolean repeatable() {
    return bare() && REPEATABLE.contains(head.method());
  }
}
