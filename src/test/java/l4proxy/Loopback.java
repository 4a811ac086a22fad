package l4proxy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import l4proxy.net.PlainConnection;
import l4proxy.net.Sockets;

/** Two connected sockets on loopback, each with a read time-out. */
public record Loopback(Socket one, Socket other) implements AutoCloseable {
  private static final int READ_MILLIS = 20_000;

  public static Loopback pair() throws IOException {
    try (ServerSocket listener = listener()) {
      Socket one = new Socket(listener.getInetAddress(), listener.getLocalPort());
      Socket other = listener.accept();
      for (Socket each : new Socket[] {one, other}) {
        each.setTcpNoDelay(true);
        each.setSoTimeout(READ_MILLIS);
      }
      return new Loopback(one, other);
    }
  }

  /** A listener on any port of loopback. */
  public static ServerSocket listener() throws IOException {
    return Sockets.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** The first socket as the program sees it; {@code deadline} replaces its read time-out. */
  public PlainConnection connection() throws IOException {
    return new PlainConnection(one);
  }

  /** The second socket as the program sees it. */
  public PlainConnection otherConnection() throws IOException {
    return new PlainConnection(other);
  }

  @Override
  public void close() {
    Sockets.close(one);
    Sockets.close(other);
  }
}
