package l4proxy.server;

import java.io.IOException;

/** A takeover came to nothing: the other server goes on. One sentence. */
final class TakeoverException extends IOException {
  private static final long serialVersionUID = 1L;

  TakeoverException(String message) {
    super(message);
  }
}
