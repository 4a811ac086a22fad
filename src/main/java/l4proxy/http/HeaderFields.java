package l4proxy.http;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The header fields of a message, in their order. A value.
 *
 * @param all of them
 */
record HeaderFields(List<Field> all) {
  /**
   * RFC 9110, 7.6.1, and the two that only proxies speak of: RFC 9110, 11.7. No field may be called
   * Close, since {@code Connection: close} would name it: RFC 9112, 9.6.
   */
  private static final Set<String> HOP_BY_HOP =
      Set.of(
          "close",
          "connection",
          "keep-alive",
          "proxy-authenticate",
          "proxy-authentication-info",
          "proxy-authorization",
          "proxy-connection",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade");

  /**
   * A field.
   *
   * @param name as it was written
   * @param value without the white space around it
   */
  record Field(String name, String value) {
    boolean is(String other) {
      return name.equalsIgnoreCase(other);
    }
  }

  HeaderFields {
    all = List.copyOf(all);
  }

  /** The values of all fields of a name. */
  List<String> values(String name) {
    return all.stream().filter(field -> field.is(name)).map(Field::value).toList();
  }

  /** The elements of a list that may be spread over several fields, in lower case. */
  List<String> elements(String name) {
    return values(name).stream()
        .flatMap(value -> List.of(value.split(",", -1)).stream())
        .map(element -> element.strip().toLowerCase(Locale.ROOT))
        .filter(element -> !element.isEmpty())
        .toList();
  }

  /** Whether the connection ends with this message: RFC 9112, 9.3. */
  boolean closes() {
    return elements("connection").contains("close")
        || elements("proxy-connection").contains("close");
  }

  /** What is meant for the far end: without what counts for one connection only. */
  List<Field> endToEnd() {
    Set<String> named = new HashSet<>(elements("connection"));
    named.addAll(elements("proxy-connection"));
    return all.stream()
        .filter(field -> !HOP_BY_HOP.contains(field.name().toLowerCase(Locale.ROOT)))
        .filter(field -> !named.contains(field.name().toLowerCase(Locale.ROOT)))
        .toList();
  }
}
