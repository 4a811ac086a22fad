package l4proxy.http;

import java.io.IOException;

/** A message is not as it must be, or a request is not granted: what to answer it with. */
public final class Rejection extends IOException {
  private static final long serialVersionUID = 1;

  private final transient int status;
  private final transient String header;
  private final transient String method;

  /**
   * An answer.
   *
   * @param status of HTTP
   * @param sentence cause and remedy, in ASCII, without anything that the other side has sent
   */
  public Rejection(int status, String sentence) {
    this(status, sentence, "");
  }

  /** An answer with one header field more: {@code Name: value}. */
  Rejection(int status, String sentence, String header) {
    this(status, sentence, header, "");
  }

  private Rejection(int status, String sentence, String header, String method) {
    super(sentence);
    this.status = status;
    this.header = header;
    this.method = method;
  }

  /** The same, of a request whose method could be read. */
  Rejection of(String method) {
    return new Rejection(status, sentence(), header, method);
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

  /**
   * The request's method.
   *
   * @return empty when it was not known, or did not matter
   */
  public String method() {
    return method;
  }

  String reason() {
    return Reasons.of(status);
  }
}
