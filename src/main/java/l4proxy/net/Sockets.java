package l4proxy.net;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import jdk.net.ExtendedSocketOptions;

/** What every socket of this program has in common. */
public final class Sockets {
  /** Keepalive: first probe after 15 s of silence, one every 5 s, broken after 3 unanswered. */
  private static final int KEEP_IDLE = 15;

  private static final int KEEP_INTERVAL = 5;
  private static final int KEEP_COUNT = 3;

  /** Connections the kernel holds until they are accepted; it cuts this to net.core.somaxconn. */
  private static final int BACKLOG = 4096;

  /** Two groups of zeros or more of an IPv6 address, with the colons around them. */
  private static final Pattern ZEROS = Pattern.compile("(?:^|:)0(?::0)+(?::|$)");

  private Sockets() {}

  /**
   * Connects, and sets the options of every socket.
   *
   * @param address where to
   * @param time how long at most
   * @return the connected socket
   * @throws IOException when it is refused, or not there in time
   */
  public static Socket connect(InetSocketAddress address, Duration time) throws IOException {
    Socket socket = new Socket();
    try {
      prepare(socket);
      socket.connect(address, (int) Math.max(1, time.toMillis()));
      return socket;
    } catch (IOException | RuntimeException e) {
      close(socket);
      throw e;
    }
  }

  /**
   * Sets the options of every socket: no delay, keepalive.
   *
   * @param socket connected or not
   * @throws IOException when it is closed
   */
  public static void prepare(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    socket.setKeepAlive(true);
    if (socket.supportedOptions().contains(ExtendedSocketOptions.TCP_KEEPIDLE)) {
      socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, KEEP_IDLE);
      socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, KEEP_INTERVAL);
      socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, KEEP_COUNT);
    }
  }

  /**
   * Binds a listener that nobody else shares.
   *
   * @param address where; port 0 for any
   * @return the bound listener
   * @throws IOException when the port is taken or may not be bound
   */
  public static ServerSocket listen(InetSocketAddress address) throws IOException {
    return listen(address, false);
  }

  /**
   * Binds a listener beside another process's of the same user, which has to {@link #share} its
   * own. The kernel gives each newcomer to either.
   *
   * @param address where
   * @return the bound listener, which is shared too
   * @throws IOException when the port is not shared or may not be bound
   */
  public static ServerSocket listenBeside(InetSocketAddress address) throws IOException {
    return listen(address, true);
  }

  private static ServerSocket listen(InetSocketAddress address, boolean beside) throws IOException {
    ServerSocket listener = new ServerSocket();
    try {
      if (beside) {
        share(listener, true);
      }
      listener.bind(address, BACKLOG);
      return listener;
    } catch (IOException | RuntimeException e) {
      listener.close();
      throw e;
    }
  }

  /**
   * Lets another process of the same user bind the port of a listener too, or not any more. Linux
   * looks at the option of both when the second binds, so the first need not have had it at its own
   * bind.
   *
   * @param listener bound
   * @param shared whether it is
   * @throws IOException when it is closed, or the system has no such option
   */
  public static void share(ServerSocket listener, boolean shared) throws IOException {
    try {
      listener.setOption(StandardSocketOptions.SO_REUSEPORT, shared);
    } catch (UnsupportedOperationException none) {
      throw new IOException("this system cannot share a port between processes", none);
    }
  }

  /**
   * From now on the other side sees a reset when this socket is closed by anything but {@link
   * #close}: an interrupt, or the end of this process. What it was sent so far must not look
   * complete then.
   *
   * @param socket connected
   * @throws IOException when it is closed
   */
  static void resetWhenLost(Socket socket) throws IOException {
    socket.setSoLinger(true, 0);
  }

  /**
   * Closes so that the other side sees a reset.
   *
   * @param socket in any state
   */
  public static void abort(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException closedAlready) {
      // nothing left to reset
    }
  }

  /**
   * Closes in good order; a failure to close leaves nothing to be done.
   *
   * @param socket in any state
   */
  public static void close(Socket socket) {
    try {
      if (!socket.isClosed()) {
        socket.setSoLinger(false, 0);
      }
      socket.close();
    } catch (IOException closedAlready) {
      // the descriptor is gone either way
    }
  }

  static InetSocketAddress remote(Socket socket) {
    return socket.getRemoteSocketAddress() instanceof InetSocketAddress a ? a : none();
  }

  static InetSocketAddress local(Socket socket) {
    return socket.getLocalSocketAddress() instanceof InetSocketAddress a ? a : none();
  }

  private static InetSocketAddress none() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /**
   * An address as people write it.
   *
   * @param address resolved or not
   * @return {@code host:port}, IPv6 in brackets
   */
  public static String text(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    String host = ip == null ? address.getHostString() : text(ip);
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + address.getPort();
  }

  /**
   * An IP address as people write it.
   *
   * @param ip with or without a zone
   * @return without one; the longest run of zeros in IPv6 is left out: RFC 5952, 4.2
   */
  public static String text(InetAddress ip) {
    String host = ip.getHostAddress();
    int zone = host.indexOf('%');
    String bare = zone < 0 ? host : host.substring(0, zone);
    return ZEROS
        .matcher(bare)
        .results()
        .reduce((one, other) -> zeros(other) > zeros(one) ? other : one)
        .map(run -> bare.substring(0, run.start()) + "::" + bare.substring(run.end()))
        .orElse(bare);
  }

  private static int zeros(MatchResult run) {
    return run.group().replace(":", "").length();
  }
}
