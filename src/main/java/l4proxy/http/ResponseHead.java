package l4proxy.http;

/**
 * A response without its body.
 *
 * @param status of HTTP, 100 to 599
 * @param reason for people, may be empty
 * @param newer whether it speaks HTTP/1.1, not 1.0
 * @param fields its header fields
 */
record ResponseHead(int status, String reason, boolean newer, HeaderFields fields) {
  /** Whether another response follows for the same request. */
  boolean interim() {
    return status < 200;
  }
}
