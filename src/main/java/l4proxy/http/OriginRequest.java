package l4proxy.http;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.regex.Pattern;
import l4proxy.net.Input;
import org.jspecify.annotations.Nullable;

/**
 * A request to a server itself, not to a proxy: what can be read in two ways, or in none, is
 * refused with a {@link Rejection} that says what to send instead. One thread uses it.
 */
public final class OriginRequest {
  /** The longest body, in bytes. */
  public static final int LONGEST_BODY = 64 * 1024;

  private static final int MOST_FIELDS = 100;

  /** RFC 3986, 3.2.2 and 3.2.3, without user and password. */
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._~!$&'()*+,;=%:\\[\\]-]*");

  private static final Pattern SCHEME = Pattern.compile("(?i)https?://");
  private static final Pattern ASCII = Pattern.compile("[!-~&&[^#]]+");

  /** Who is asked when the request does not say: then whoever reads it next finds the same. */
  private static final String ANY_HOST = "l4proxy";

  private final RequestHead head;
  private final String host;
  private final String target;
  private final Framing framing;

  private OriginRequest(RequestHead head) throws Rejection {
    this.head = head;
    String text = head.target();
    String name;
    var scheme = SCHEME.matcher(text);
    if (scheme.lookingAt()) { // RFC 9112, 3.2.2: it counts more than the Host field
      int end = scheme.end();
      while (end < text.length() && "/?#".indexOf(text.charAt(end)) < 0) {
        end++;
      }
      oneHost();
      name = checked(text.substring(scheme.end(), end));
      this.target = (text.startsWith("/", end) ? "" : "/") + text.substring(end);
    } else {
      name = checked(oneHost());
      this.target = path(text);
    }
    this.host = name.isEmpty() ? ANY_HOST : name;
    this.framing = Framing.of(head);
  }

  /**
   * Reads a request's head, within the input's deadline.
   *
   * @param in where it comes from
   * @return the request; null when the stream ended before it began
   * @throws Rejection when it is not as it must be
   * @throws IOException when the connection broke, ended within the head, or was too slow
   */
  public static @Nullable OriginRequest read(Input in) throws IOException {
    OriginRequest request = readAny(in);
    if (request != null) {
      request.check();
    }
    return request;
  }

  /**
   * The same for one who minds neither the body, nor a target that is not encoded as RFC 3986 has
   * it.
   *
   * @param in where it comes from
   * @return the request; null when the stream ended before it began
   * @throws Rejection when it is not as it must be otherwise
   * @throws IOException when the connection broke, ended within the head, or was too slow
   */
  public static @Nullable OriginRequest readAny(Input in) throws IOException {
    RequestHead head = HeadReader.requestForAny(in);
    if (head == null) {
      return null;
    }
    try {
      return new OriginRequest(head);
    } catch (Rejection no) {
      throw no.of(head.method());
    }
  }

  private String oneHost() throws Rejection {
    List<String> hosts = head.fields().values("Host");
    if (hosts.size() > 1 || hosts.isEmpty() && head.newer()) {
      throw bad(
          "A request has exactly one Host field; send the name that it asks for."); // RFC 9112, 3.2
    }
    return hosts.isEmpty() ? "" : hosts.getFirst();
  }

  private static String checked(String host) throws Rejection {
    if (!HOST.matcher(host).matches()) {
      throw bad("The host of the request is not 'name' or 'name:port'.");
    }
    return host;
  }

  private String path(String text) throws Rejection {
    if (text.startsWith("/")) {
      return text;
    }
    if (text.equals("*") || head.method().equals("CONNECT")) {
      throw new Rejection(
          405,
          "This is no proxy and has paths only; ask for one, such as /healthz.",
          "Allow: DELETE, GET, HEAD, POST");
    }
    throw bad("The target of the request is no path; ask for one, such as /healthz.");
  }

  private void check() throws Rejection {
    try {
      if (framing instanceof Framing.Length(long bytes) && bytes > LONGEST_BODY) {
        throw tooLong();
      }
      if (head.fields().all().size() > MOST_FIELDS) {
        throw new Rejection(431, "A request has at most " + MOST_FIELDS + " header fields.");
      }
      if (head.fields().values("Authorization").size() > 1) {
        throw bad("A request has one Authorization field at most; send one key.");
      }
      if (!ASCII.matcher(target).matches()) {
        throw unencoded();
      }
      new URI(passed());
    } catch (URISyntaxException e) {
      throw unencoded().of(head.method());
    } catch (Rejection no) {
      throw no.of(head.method());
    }
  }

  private static Rejection unencoded() {
    return bad(
        "The address of the request is not encoded as URLs are;"
            + " write what stands for itself as % and two hexadecimal digits.");
  }

  /** Two slashes at the beginning of what stands alone would be read as those before a host. */
  private String passed() {
    return target.startsWith("//") ? "http://" + host + target : target;
  }

  private static Rejection bad(String sentence) {
    return new Rejection(400, sentence);
  }

  static Rejection tooLong() {
    return new Rejection(413, "A body is at most " + LONGEST_BODY + " bytes long; send less.");
  }

  /**
   * What is to be done.
   *
   * @return a token, as it was written
   */
  public String method() {
    return head.method();
  }

  /**
   * What is asked for.
   *
   * @return the path and, if there is one, the query, as they were written; begins with a slash
   */
  public String target() {
    return target;
  }

  /**
   * The first header field of a name.
   *
   * @param name in any case
   * @return its value; empty when there is none
   */
  public String field(String name) {
    List<String> values = head.fields().values(name);
    return values.isEmpty() ? "" : values.getFirst();
  }

  /**
   * Whether another request may follow on the same connection.
   *
   * @return false when this is the last
   */
  public boolean persistent() {
    return !head.fields().closes()
        && (head.newer() || head.fields().elements("connection").contains("keep-alive"));
  }

  /**
   * The head written anew, so that whoever reads it next finds the same.
   *
   * @param last whether it is the last on its connection, whatever it says
   * @return the bytes
   */
  public byte[] head(boolean last) {
    return Heads.origin(head, host, passed(), framing, last || !persistent());
  }

  /**
   * Passes the body on, within the input's deadline.
   *
   * @param in behind the head
   * @param out where the head went
   * @throws Rejection when it is not as it must be, or is too long
   * @throws IOException when a side broke, or ended, or was too slow
   */
  public void passBody(Input in, OutputStream out) throws IOException {
    Sink sink = framing instanceof Framing.Chunked ? Sink.chunked(out) : Sink.raw(out);
    try {
      Body.copyInTime(framing, in, Sink.atMost(LONGEST_BODY, sink));
    } catch (Rejection no) {
      throw no.of(head.method());
    }
  }
}
