package l4proxy.api;

import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/**
 * A part of a list that is ordered by name. The token for the next part holds the list's name and
 * the last name of this part, so that nothing is shown twice or left out when the list changes in
 * between.
 *
 * @param size how many there are to be at most
 * @param token what the part before returned; empty for the first
 */
record Page(int size, String token) {
  static final Set<String> PARAMETERS = Set.of("pageSize", "pageToken");

  private static final int USUAL = 50;
  private static final int MOST = 1000;

  /** Which part a request asks for. */
  static Page of(Request request) throws ProblemException {
    String size = request.query().getOrDefault("pageSize", "");
    if (!size.isEmpty() && !size.matches("0*[1-9][0-9]{0,2}|0*1000")) {
      throw new ProblemException(400, "pageSize is not a whole number from 1 to " + MOST + ".");
    }
    return new Page(
        size.isEmpty() ? USUAL : Integer.parseInt(size),
        request.query().getOrDefault("pageToken", ""));
  }

  /**
   * Cuts the part out.
   *
   * @param field what the list is called
   * @param all ordered by name
   * @param name of each
   */
  <T> Reply reply(String field, List<T> all, Function<T, String> name) throws ProblemException {
    String after = after(field);
    List<T> rest = all.stream().filter(each -> name.apply(each).compareTo(after) > 0).toList();
    List<T> part = rest.subList(0, Math.min(size, rest.size()));
    JsonObject body = new JsonObject();
    body.add(field, Json.of(part));
    body.addProperty(
        "nextPageToken",
        part.size() == rest.size() ? "" : token(field, name.apply(part.getLast())));
    body.addProperty("totalCount", all.size());
    return Reply.ok(body);
  }

  private static String token(String field, String last) {
    byte[] content = (field + "/" + last).getBytes(StandardCharsets.UTF_8);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(content);
  }

  /** The name after which the part begins; empty for the first. */
  private String after(String field) throws ProblemException {
    if (token.isEmpty()) {
      return "";
    }
    try {
      String content = new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
      String last = content.substring(Math.min(field.length() + 1, content.length()));
      if (!last.isEmpty() && token(field, last).equals(token)) {
        return last;
      }
    } catch (IllegalArgumentException notOurs) {
      // said below
    }
    throw new ProblemException(400, "pageToken is none that this list has returned.");
  }
}
