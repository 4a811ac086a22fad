package l4proxy.net;

import java.io.IOException;
import java.io.OutputStream;

/** A user's connection whose bytes are counted: those taken from it, those written to it. */
public final class CountedConnection extends FilterConnection {
  private final Input in;
  private final OutputStream out;

  /**
   * Takes over a connection; it is closed with this one.
   *
   * @param connection a user's
   * @param traffic told of each byte
   */
  public CountedConnection(Connection connection, Traffic traffic) {
    super(connection);
    this.in =
        new FilterInput(connection.in()) {
          @Override
          public void consume(int count) {
            super.consume(count);
            traffic.countIn(count);
          }
        };
    this.out =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            connection.out().write(bytes, offset, length);
            traffic.countOut(length);
          }
        };
  }

  @Override
  public Input in() {
    return in;
  }

  @Override
  public OutputStream out() {
    return out;
  }
}
