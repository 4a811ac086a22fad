package l4proxy.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import l4proxy.net.HostPort;
import l4proxy.net.TlsConnection;
import l4proxy.wire.Message;
import l4proxy.wire.Messages;

/**
 * Talks to a server's API over its control port, where its key proves that it is the right one. One
 * connection a request; HTTP/1.0, so that an answer simply ends with the connection.
 */
public final class ApiClient {
  private static final Duration TIME = Duration.ofSeconds(10);
  private static final int LONGEST = 64 * 1024 * 1024;
  private static final Pattern DATE = Pattern.compile("(?im)^date:[ \t]*([^\r\n]{1,64})\r?$");

  private final HostPort server;
  private final Trust trust;

  /**
   * For one server.
   *
   * @param server its control port
   * @param trust the key to use
   */
  public ApiClient(HostPort server, Trust trust) {
    this.server = server;
    this.trust = trust;
  }

  /**
   * What the API said.
   *
   * @param status of HTTP
   * @param body JSON, or nothing
   * @param date what the server's clock showed, if it said so
   */
  public record Answer(int status, String body, Optional<Instant> date) {}

  /**
   * Sends a request and waits for its answer.
   *
   * @param method of HTTP
   * @param path with its query, starting with a slash
   * @param jsonBody what to send
   * @return what came back, whatever its status
   * @throws IOException when the server cannot be reached or breaks off
   * @throws RefusedException when it is not the server that the key was made for
   */
  public Answer request(String method, String path, Optional<String> jsonBody)
      throws IOException, RefusedException {
    ServerDialer dialer = new ServerDialer(server, trust.expected());
    try (TlsConnection connection = dialer.dial(TIME)) {
      Messages.write(connection.out(), new Message.Http());
      connection.out().write(bytes(method, path, jsonBody.orElse("")));
      byte[] answer = connection.in().readNBytes(LONGEST);
      Answer said = parse(new String(answer, StandardCharsets.UTF_8));
      if (said.status() / 100 == 2) {
        dialer.pin().ifPresent(trust.onAccepted());
      }
      return said;
    }
  }

  private byte[] bytes(String method, String path, String body) throws IOException {
    byte[] content = body.getBytes(StandardCharsets.UTF_8);
    StringBuilder head = new StringBuilder();
    head.append(method).append(' ').append(path).append(" HTTP/1.0\r\n");
    trust
        .key()
        .ifPresent(k -> head.append("Authorization: Bearer ").append(k.text()).append("\r\n"));
    if (content.length > 0) {
      head.append("Content-Type: application/json\r\n");
    }
    head.append("Content-Length: ").append(content.length).append("\r\n\r\n");
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    all.write(content);
    return all.toByteArray();
  }

  private Answer parse(String answer) throws IOException {
    int end = answer.indexOf("\r\n\r\n");
    String[] status = answer.split("[ \r]", 3);
    if (end < 0 || status.length < 3 || !status[1].matches("[1-5]\\d\\d")) {
      throw new IOException("The server at " + server + " broke off instead of answering.");
    }
    return new Answer(
        Integer.parseInt(status[1]), answer.substring(end + 4), date(answer.substring(0, end)));
  }

  private static Optional<Instant> date(String head) {
    Matcher date = DATE.matcher(head);
    try {
      return date.find()
          ? Optional.of(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date.group(1), Instant::from))
          : Optional.empty();
    } catch (DateTimeParseException strange) {
      return Optional.empty();
    }
  }
}
