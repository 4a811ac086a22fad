package l4proxy.client;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import l4proxy.auth.Pin;
import l4proxy.auth.Tls;
import l4proxy.auth.WrongPinException;
import l4proxy.net.Connection;
import l4proxy.net.HostPort;
import l4proxy.net.Hosts;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;
import l4proxy.net.TlsConnection;
import org.jspecify.annotations.Nullable;

/**
 * Connects to the server, and to no other: the TLS handshake fails unless it shows the key that is
 * expected. A client without a key believes the first one it sees and keeps to that. Any thread may
 * dial.
 */
final class ServerDialer {
  private final HostPort server;
  private volatile @Nullable Pin expected;
  private final SSLContext tls;

  ServerDialer(HostPort server, Optional<Pin> pin) {
    this.server = server;
    this.expected = pin.orElse(null);
    this.tls = Tls.client(this::accepts);
  }

  private boolean accepts(Pin seen) {
    Pin pin = expected;
    return pin == null || pin.equals(seen);
  }

  /**
   * Looks the server's name up, and connects to the first of its addresses that takes it; the
   * input's deadline is what is left of the time.
   *
   * @param time for all of it
   */
  TlsConnection dial(Duration time) throws IOException, RefusedException {
    long deadline = System.nanoTime() + time.toNanos();
    return met(Hosts.connect(server, time), deadline);
  }

  /**
   * Connects and does the TLS handshake; the input's deadline is what is left of the time.
   *
   * @param address the server's, resolved
   * @param time for all of it
   */
  TlsConnection dial(InetSocketAddress address, Duration time)
      throws IOException, RefusedException {
    long deadline = System.nanoTime() + time.toNanos();
    return met(Sockets.connect(address, time), deadline);
  }

  private TlsConnection met(Socket socket, long deadline) throws IOException, RefusedException {
    PlainConnection plain = new PlainConnection(socket);
    boolean done = false;
    try {
      plain.in().deadline(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
      TlsConnection connection =
          new TlsConnection(plain, Tls.clientEngine(tls, server.host(), server.port()));
      connection.handshake();
      if (!connection.protocol().equals(Tls.PROTOCOL)) {
        throw new IOException(server + " is no l4proxy server");
      }
      Pin seen = Tls.pinOf(connection.engine());
      believe(seen);
      done = true;
      return connection;
    } catch (SSLException e) {
      throw explained(e);
    } finally {
      if (!done) {
        plain.close();
      }
    }
  }

  /** The first server seen is believed from now on, where none was known. */
  private synchronized void believe(Pin seen) throws RefusedException {
    if (!accepts(seen)) {
      throw refused();
    }
    expected = seen;
  }

  private IOException explained(SSLException e) throws RefusedException {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof WrongPinException) {
        throw refused();
      }
    }
    return new IOException(
        server + " does not speak TLS as an l4proxy server does: " + e.getMessage(), e);
  }

  private RefusedException refused() {
    return new RefusedException(
        "The server at "
            + server
            + " is not the one that the key was made for: it shows another public key. Somebody may"
            + " be in between, or the server lost its state: ask for a new key, made there by"
            + " 'l4proxy key create', or, without keys, remove the server's entry from the"
            + " credentials file.");
  }

  /** An unencrypted connection, for tunnels that are to be so. */
  Connection dialPlain(InetSocketAddress address, Duration time) throws IOException {
    PlainConnection plain = new PlainConnection(Sockets.connect(address, time));
    plain.in().deadline(time);
    return plain;
  }

  /** The key of the server, once it was seen. */
  Optional<Pin> pin() {
    return Optional.ofNullable(expected);
  }

  @Override
  public String toString() {
    return server.toString();
  }
}
