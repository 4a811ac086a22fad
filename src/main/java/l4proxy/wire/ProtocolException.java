package l4proxy.wire;

import java.io.IOException;

/** The other side broke the protocol; its connection is closed. */
public final class ProtocolException extends IOException {
  private static final long serialVersionUID = 1;

  /**
   * A breach.
   *
   * @param message what the other side did, without anything secret
   */
  public ProtocolException(String message) {
    super(message);
  }
}
