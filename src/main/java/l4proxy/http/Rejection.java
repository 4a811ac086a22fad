package l4proxy.http;

import java.io.IOException;

/** A message is not as it must be, or a request is not granted: what to answer it with. */
final class Rejection extends IOException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String header;

  /**
   * An answer.
   *
   * @param status of HTTP
   * @param sentence cause and remedy, in ASCII, without anything that the other side has sent
   */
  Rejection(int status, String sentence) {
    this(status, sentence, "");
  }

  /** An answer with one header field more: {@code Name: value}. */
  Rejection(int status, String sentence, String header) {
    super(sentence);
    this.status = status;
    this.header = header;
  }

  int status() {
    return status;
  }

  String sentence() {
    return String.valueOf(getMessage());
  }

  String header() {
    return header;
  }

  String reason() {
    return switch (status) {
      case 400 -> "Bad Request";
      case 403 -> "Forbidden";
      case 405 -> "Method Not Allowed";
      case 407 -> "Proxy Authentication Required";
      case 408 -> "Request Timeout";
      case 431 -> "Request Header Fields Too Large";
      case 501 -> "Not Implemented";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      case 505 -> "HTTP Version Not Supported";
      default -> throw new IllegalStateException("no reason for status " + status);
    };
  }
}
