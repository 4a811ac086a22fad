package l4proxy.net;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;

/** A connection that is another one but for what a subclass changes; it is closed with this one. */
public class FilterConnection implements Connection {
  private final Connection connection;

  /**
   * Takes over a connection.
   *
   * @param connection what this one is
   */
  protected FilterConnection(Connection connection) {
    this.connection = connection;
  }

  @Override
  public Input in() {
    return connection.in();
  }

  @Override
  public OutputStream out() {
    return connection.out();
  }

  @Override
  public int piece() {
    return connection.piece();
  }

  @Override
  public void shutdownOutput() throws IOException {
    connection.shutdownOutput();
  }

  @Override
  public void abort() {
    connection.abort();
  }

  @Override
  public void close() {
    connection.close();
  }

  @Override
  public InetSocketAddress remote() {
    return connection.remote();
  }

  @Override
  public InetSocketAddress local() {
    return connection.local();
  }

  @Override
  public boolean encrypted() {
    return connection.encrypted();
  }
}
