package l4proxy.auth;

import java.security.cert.CertificateException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The server that answered is not the one the client's key or pin is for. */
public final class WrongPinException extends CertificateException {
  private static final long serialVersionUID = 1L;

  /** The pin as text: a {@link Pin} is not serializable, and an exception has to be. */
  private final String pinText;

  WrongPinException(Pin seen) {
    super("The server that answered has the pin " + seen + ", which is not the expected one.");
    this.pinText = seen.text();
  }

  /**
   * The pin of the server that answered.
   *
   * @return the pin
   */
  public Pin pin() {
    return Pin.parse(pinText);
  }

  /**
   * Looks for it among the causes of what a TLS handshake failed with.
   *
   * @param failure an exception from an engine or a socket
   * @return the wrong pin, if that was the reason
   */
  public static Optional<WrongPinException> in(Throwable failure) {
    for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof WrongPinException wrongPin) {
        return Optional.of(wrongPin);
      }
    }
    return Optional.empty();
  }
}
