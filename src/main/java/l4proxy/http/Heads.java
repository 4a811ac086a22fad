package l4proxy.http;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * The heads that this proxy passes on: HTTP/1.1 on both sides, without what counted for the other
 * connection only, with a Via (RFC 9110, 7.6.3), and framed as this proxy has read them, so that
 * nobody reads them in another way.
 */
final class Heads {
  private static final String VIA = "l4proxy";

  private Heads() {}

  /** A request for the server that its target names. */
  static byte[] request(Request request) {
    RequestHead read = request.head();
    Target target = request.target();
    OptionalInt mayPass = request.mayPass();
    StringBuilder head = new StringBuilder();
    head.append(read.method()).append(' ').append(target.path()).append(" HTTP/1.1\r\n");
    field(head, "Host", target.authority());
    Set<String> without = without(read, "via");
    if (mayPass.isPresent()) {
      without.add("max-forwards");
    }
    fields(head, read.fields(), without);
    mayPass.ifPresent(most -> field(head, "Max-Forwards", String.valueOf(most - 1)));
    via(head, read.fields(), read.newer());
    framed(head, request.framing());
    return bytes(head);
  }

  /**
   * A request for the server that it has reached already.
   *
   * @param host that it is asked as; empty: it was not said
   * @param target as the server is to read it
   * @param last whether another follows on the same connection
   */
  static byte[] origin(
      RequestHead request, String host, String target, Framing framing, boolean last) {
    StringBuilder head = new StringBuilder();
    head.append(request.method()).append(' ').append(target);
    head.append(request.newer() ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n");
    if (!host.isEmpty()) {
      field(head, "Host", host);
    }
    fields(head, request.fields(), without(request));
    framed(head, framing);
    if (last || !request.newer()) {
      field(head, "Connection", last ? "close" : "keep-alive");
    }
    return bytes(head);
  }

  /** Fields of a request that are written anew, or not at all. */
  private static Set<String> without(RequestHead request, String... more) {
    Set<String> all = new HashSet<>(Set.of(more));
    all.addAll(Set.of("host", "content-length"));
    if (!request.newer()) {
      all.add("expect"); // RFC 9110, 10.1.1: HTTP/1.0 expects nothing
    }
    return all;
  }

  /**
   * A response for the user.
   *
   * @param framing of its body on the way to the user
   * @param close whether it is the last on its connection
   */
  static byte[] response(ResponseHead response, Framing framing, boolean close) {
    StringBuilder head = new StringBuilder();
    head.append("HTTP/1.1 ").append(response.status()).append(' ').append(response.reason());
    head.append("\r\n");
    fields(head, response.fields(), Set.of("content-length", "via"));
    via(head, response.fields(), response.newer());
    framed(head, framing);
    if (close) {
      field(head, "Connection", "close");
    }
    return bytes(head);
  }

  /**
   * How long a body would be, that is not sent (RFC 9110, 8.6): as the response says, if it is
   * clear about it.
   */
  static Framing unsent(ResponseHead response) {
    List<String> lengths = response.fields().values("Content-Length");
    return response.status() >= 200
            && response.status() != 204
            && lengths.size() == 1
            && lengths.getFirst().matches("[0-9]{1,18}")
        ? new Framing.Length(Long.parseLong(lengths.getFirst()))
        : new Framing.None();
  }

  private static void fields(StringBuilder head, HeaderFields fields, Set<String> without) {
    for (HeaderFields.Field each : fields.endToEnd()) {
      if (without.stream().noneMatch(each::is)) {
        field(head, each.name(), each.value());
      }
    }
  }

  private static void via(StringBuilder head, HeaderFields fields, boolean newer) {
    for (String before : fields.values("Via")) {
      field(head, "Via", before);
    }
    field(head, "Via", (newer ? "1.1 " : "1.0 ") + VIA);
  }

  private static void framed(StringBuilder head, Framing framing) {
    switch (framing) {
      case Framing.Length(long bytes) -> field(head, "Content-Length", String.valueOf(bytes));
      case Framing.Chunked() -> field(head, "Transfer-Encoding", "chunked");
      case Framing.None(), Framing.UntilEnd() -> {}
    }
  }

  private static void field(StringBuilder head, String name, String value) {
    head.append(name).append(": ").append(value).append("\r\n");
  }

  private static byte[] bytes(StringBuilder head) {
    return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }
}
