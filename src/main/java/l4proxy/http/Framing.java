package l4proxy.http;

import java.util.List;

/** Where a message's body ends: RFC 9112, 6.3. Whatever could be read in two ways is refused. */
sealed interface Framing {
  /** There is no body. */
  record None() implements Framing {}

  /** So many bytes. */
  record Length(long bytes) implements Framing {}

  /** In chunks, the last of which is empty. */
  record Chunked() implements Framing {}

  /** With the connection; only a response may. */
  record UntilEnd() implements Framing {}

  /** How a request's body is framed. */
  static Framing of(RequestHead request) throws Rejection {
    boolean coded = !request.fields().values("Transfer-Encoding").isEmpty();
    if (coded && !request.newer()) {
      throw new Rejection(400, "HTTP/1.0 has no Transfer-Encoding; send a Content-Length instead.");
    }
    return of(request.fields(), new None());
  }

  /** How the body of the response to a request is framed. */
  static Framing of(ResponseHead response, String method) throws Rejection {
    int status = response.status();
    if (method.equals("HEAD") || response.interim() || status == 204 || status == 304) {
      return new None();
    }
    return of(response.fields(), new UntilEnd());
  }

  private static Framing of(HeaderFields fields, Framing otherwise) throws Rejection {
    List<String> codings = fields.values("Transfer-Encoding");
    List<String> lengths = fields.values("Content-Length");
    if (!codings.isEmpty()) {
      if (!lengths.isEmpty()) {
        throw new Rejection(
            400, "Transfer-Encoding and Content-Length contradict each other; send one of them.");
      }
      if (codings.size() > 1 || !codings.getFirst().equalsIgnoreCase("chunked")) {
        throw new Rejection(
            501,
            "The only Transfer-Encoding known here is 'chunked'; send that or a Content-Length.");
      }
      return new Chunked();
    }
    if (lengths.isEmpty()) {
      return otherwise;
    }
    if (lengths.size() > 1 || !lengths.getFirst().matches("[0-9]{1,18}")) {
      throw new Rejection(
          400, "Content-Length is not one number; give the length of the body in bytes once.");
    }
    return new Length(Long.parseLong(lengths.getFirst()));
  }
}
