package l4proxy.http;

import com.google.gson.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import l4proxy.net.Connection;

/**
 * What a server itself says to a request, as the last thing on its connection.
 *
 * @param status of HTTP
 * @param fields of the head beside the usual ones, each {@code Name: value}
 * @param type of the body
 * @param body text
 */
public record Answer(int status, List<String> fields, String type, String body) {
  /** What somebody may go on sending that nobody reads, to see the answer; in bytes. */
  private static final int DISCARDED = 16 * 1024 * 1024;

  /** An answer; nothing is sent yet. */
  public Answer {
    fields = List.copyOf(fields);
  }

  /**
   * A problem document.
   *
   * @param no why a request is not served
   * @return the answer, RFC 9457
   */
  public static Answer problem(Rejection no) {
    List<String> fields = no.header().isEmpty() ? List.of() : List.of(no.header());
    return new Answer(
        no.status(), fields, "application/problem+json", problem(no.status(), no.sentence()));
  }

  /**
   * The text of a problem document.
   *
   * @param status of HTTP
   * @param detail a sentence: cause and remedy
   * @return JSON, RFC 9457
   */
  public static String problem(int status, String detail) {
    JsonObject body = new JsonObject();
    body.addProperty("type", "about:blank");
    body.addProperty("title", Reasons.of(status));
    body.addProperty("status", status);
    body.addProperty("detail", detail);
    return body.toString();
  }

  /**
   * Says it, and {@linkplain #linger lingers}. Whoever was too slow to ask is not waited for again.
   *
   * @param user the connection, closed by the caller; nobody else reads or writes it
   * @param method of the request, empty when unknown; HEAD is answered without a body
   * @throws IOException when the connection broke
   */
  public void last(Connection user, String method) throws IOException {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    StringBuilder head = new StringBuilder();
    head.append("HTTP/1.1 ").append(status).append(' ').append(Reasons.of(status)).append("\r\n");
    fields.forEach(field -> head.append(field).append("\r\n"));
    head.append("Content-Type: ").append(type).append("\r\n");
    head.append("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
    head.append("Content-Length: ").append(content.length).append("\r\n");
    head.append("Connection: close\r\n\r\n");
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(head.toString().getBytes(StandardCharsets.US_ASCII));
    if (!method.equals("HEAD")) {
      all.write(content);
    }
    user.out().write(all.toByteArray());
    if (status == 408) {
      user.shutdownOutput();
    } else {
      linger(user);
    }
  }

  /**
   * Ends the outgoing direction; what still arrives is thrown away for a moment, since to close
   * with something unread might destroy the answer on its way.
   *
   * @param user the connection, closed by the caller; nobody else reads or writes it
   */
  public static void linger(Connection user) {
    Answers.linger(user, DISCARDED);
  }
}
