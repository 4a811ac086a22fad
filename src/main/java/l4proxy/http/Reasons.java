package l4proxy.http;

/** What the numbers of HTTP mean, of those that this program says. */
public final class Reasons {
  private Reasons() {}

  /**
   * A status in words.
   *
   * @param status of HTTP
   * @return its reason phrase: RFC 9110, 15
   */
  public static String of(int status) {
    return switch (status) {
      case 303 -> "See Other";
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 403 -> "Forbidden";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 407 -> "Proxy Authentication Required";
      case 408 -> "Request Timeout";
      case 409 -> "Conflict";
      case 413 -> "Content Too Large";
      case 431 -> "Request Header Fields Too Large";
      case 500 -> "Internal Server Error";
      case 501 -> "Not Implemented";
      case 502 -> "Bad Gateway";
      case 503 -> "Service Unavailable";
      case 504 -> "Gateway Timeout";
      case 505 -> "HTTP Version Not Supported";
      default -> throw new IllegalStateException("no reason for status " + status);
    };
  }
}
