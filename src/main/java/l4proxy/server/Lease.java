package l4proxy.server;

import com.google.gson.annotations.SerializedName;
import java.time.Duration;
import l4proxy.net.HostPort;
import l4proxy.wire.Message;
import org.jspecify.annotations.Nullable;

/**
 * What the server remembers of a public port, over restarts too.
 *
 * @param port the public port
 * @param key name of the key it was exposed with
 * @param instance of the client that held it last
 * @param drawn whether the server chose it; then it is leased to the instance, else to the key
 * @param displayName of the service, for people
 * @param backend of the service, for people
 * @param host of the public address
 * @param sharing how the port is shared; absent: it is not
 * @param held whether its client was connected when this was written
 * @param goneAt when the last holder went, milliseconds since 1970; 0 while held, and when the
 *     lease is over
 */
record Lease(
    int port,
    String key,
    String instance,
    boolean drawn,
    String displayName,
    String backend,
    String host,
    Message.@Nullable Sharing sharing,
    boolean held,
    @SerializedName("goneAtMillis") long goneAt) {
  /** So long a service without a client is kept. */
  static final Duration LENGTH = Duration.ofSeconds(60);

  /** Checks what came from the state file. */
  Lease {
    if (port < 1 || port > 65_535 || goneAt < 0) {
      throw new IllegalArgumentException("port " + port + " or time " + goneAt + " out of range");
    }
    if (key == null || instance == null || displayName == null || backend == null || host == null) {
      throw new IllegalArgumentException("a field is missing");
    }
    host = new HostPort(host, port).host(); // which checks it
  }

  /** Whether its port is still kept, and not only preferred. */
  boolean lasts(long now) {
    return held || now - goneAt < LENGTH.toMillis();
  }

  /** As it stands when its client is gone. */
  Lease gone(long now) {
    return new Lease(port, key, instance, drawn, displayName, backend, host, sharing, false, now);
  }
}
