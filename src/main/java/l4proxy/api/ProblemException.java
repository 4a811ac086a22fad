package l4proxy.api;

import java.util.Map;

/**
 * A request cannot be answered as asked; told to the other side as a problem document, RFC 9457.
 */
final class ProblemException extends Exception {
  private static final long serialVersionUID = 1;

  private final int status;
  private final transient Map<String, String> headers;

  /** A problem whose detail is a sentence without secrets. */
  ProblemException(int status, String detail) {
    this(status, detail, Map.of());
  }

  ProblemException(int status, String detail, Map<String, String> headers) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }

  /** The answer to send. */
  Reply reply() {
    return Reply.problem(status, String.valueOf(getMessage()), headers);
  }
}
