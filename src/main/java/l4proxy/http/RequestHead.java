package l4proxy.http;

/**
 * A request without its body.
 *
 * @param method a token
 * @param target as it was written
 * @param newer whether it speaks HTTP/1.1, not 1.0
 * @param fields its header fields
 */
record RequestHead(String method, String target, boolean newer, HeaderFields fields) {
  /** Whether another request may follow on the same connection. */
  boolean persistent() {
    return newer && !fields.closes();
  }
}
