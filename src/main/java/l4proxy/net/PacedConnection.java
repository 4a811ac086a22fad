package l4proxy.net;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * A connection that is kept to a rate in each direction: what has arrived is shown, and what is to
 * go out goes, as its {@link TokenBucket} allows, in pieces that are small where the rate is.
 *
 * <p>It reads one buffer and no more before that is paid for, so TCP slows the sender. A thread
 * that waits for its turn is let go by {@link #abort()} and {@link #close()}.
 */
public final class PacedConnection implements Connection {
  private final Connection connection;
  private final TokenBucket written;
  private final TokenBucket.Share reading;
  private final TokenBucket.Share writing;
  private final Input in;
  private final OutputStream out;

  /**
   * Takes over a connection; it is closed with this one.
   *
   * @param connection at its own rate
   * @param read for what arrives
   * @param written for what goes out
   */
  public PacedConnection(Connection connection, TokenBucket read, TokenBucket written) {
    this.connection = connection;
    this.written = written;
    this.reading = read.new Share();
    this.writing = written.new Share();
    this.in = new PacedInput(connection.in(), read.piece());
    this.out = new PacedOutput();
  }

  /** Shows what has arrived piece by piece. */
  private final class PacedInput extends Input {
    private final Input source;
    private final int piece;

    /** Of the bytes that the source has buffered, those that are paid for. */
    private int ready;

    PacedInput(Input source, int piece) {
      this.source = source;
      this.piece = piece;
    }

    @Override
    public boolean fill() throws IOException {
      if (source.buffered() == ready && !source.fill()) {
        return false;
      }
      int more = Math.min(source.buffered() - ready, piece);
      reading.take(more);
      ready += more;
      return true;
    }

    @Override
    public byte[] buffer() {
      return source.buffer();
    }

    @Override
    public int position() {
      return source.position();
    }

    @Override
    public int buffered() {
      return ready;
    }

    @Override
    public void consume(int count) {
      source.consume(count);
      ready -= count;
    }

    @Override
    public void deadline(Duration time) throws IOException {
      source.deadline(time);
    }

    @Override
    public int available() throws IOException {
      return source.available();
    }
  }

  private final class PacedOutput extends OutputStream {
    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      writing.take(length);
      connection.out().write(bytes, offset, length);
    }
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
  public int piece() {
    return written.piece();
  }

  @Override
  public void shutdownOutput() throws IOException {
    connection.shutdownOutput();
  }

  @Override
  public void abort() {
    connection.abort();
    letGo();
  }

  @Override
  public void close() {
    connection.close();
    letGo();
  }

  private void letGo() {
    reading.end();
    writing.end();
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
