package l4proxy.net;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;

/** A connection whose bytes go as they are. */
public final class PlainConnection implements Connection {
  private final Socket socket;
  private final SocketInput in;
  private final SocketOutput out;

  /**
   * Takes over a connected socket; it is closed with this connection.
   *
   * @param socket the socket
   * @throws IOException when it is closed already
   */
  public PlainConnection(Socket socket) throws IOException {
    this.socket = socket;
    this.out = new SocketOutput(socket.getOutputStream());
    this.in = new SocketInput(socket, out);
  }

  /**
   * Makes the other side see a reset when this connection is lost without being closed, with this
   * process for example.
   *
   * @return this connection
   * @throws IOException when it is closed already
   */
  public PlainConnection resetWhenLost() throws IOException {
    Sockets.resetWhenLost(socket);
    return this;
  }

  @Override
  public Input in() {
    return in;
  }

  @Override
  public OutputStream out() {
    return out;
  }

  @Override
  public void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void abort() {
    Sockets.abort(socket);
  }

  @Override
  public void close() {
    Sockets.close(socket);
  }

  @Override
  public InetSocketAddress remote() {
    return Sockets.remote(socket);
  }

  @Override
  public InetSocketAddress local() {
    return Sockets.local(socket);
  }

  @Override
  public boolean encrypted() {
    return false;
  }

  /**
   * The socket below, for somebody who wants to speak TLS on it after a look at its first bytes.
   *
   * @return the socket
   */
  Socket socket() {
    return socket;
  }

  SocketInput socketInput() {
    return in;
  }
}
