package l4proxy.client;

import java.util.Optional;
import java.util.function.Consumer;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Pin;

/**
 * How client and server know each other.
 *
 * @param key what the client proves itself with; its pin is the server's
 * @param pin the server's, for a client without a key; absent: the first server seen is believed
 * @param onAccepted told the server's pin once a server accepted the client
 */
public record Trust(Optional<JoinKey> key, Optional<Pin> pin, Consumer<Pin> onAccepted) {
  /** The only server key that counts, if one is known. */
  Optional<Pin> expected() {
    return key.map(JoinKey::pin).or(() -> pin);
  }

  @Override
  public String toString() {
    return "Trust[" + (key.isPresent() ? "a key" : "no key") + "]";
  }
}
