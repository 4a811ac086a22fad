package l4proxy.http;

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

  /** Reads the head; refuses what is not for a proxy, or could be read in two ways. */
  static Request of(RequestHead head) throws Rejection {
    return new Request(head, Target.of(head), Framing.of(head));
  }

  /** Whether it has no body. */
  boolean bare() {
    return framing instanceof Framing.None;
  }

  /** Whether it may be sent again, to a server that may have served it already. */
  boolean repeatable() {
    return bare() && REPEATABLE.contains(head.method());
  }
}
