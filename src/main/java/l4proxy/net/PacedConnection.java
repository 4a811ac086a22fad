package l4proxy.net;

import java.io.IOException;
import java.io.OutputStream;

/**
 * A connection that is kept to a rate in each direction: what has arrived is shown, and what is to
 * go out goes, as its {@link TokenBucket} allows, in pieces that are small where the rate is.
 *
 * <p>It reads one buffer and no more before that is paid for, so TCP slows the sender. A thread
 * that waits for its turn is let go by {@link #abort()} and {@link #close()}.
 */
public final class PacedConnection extends FilterConnection {
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
    super(connection);
    this.written = written;
    this.reading = read.new Share();
    this.writing = written.new Share();
    this.in = new PacedInput(connection.in(), read.piece());
    this.out = new PacedOutput(connection.out());
  }

  /** Shows what has arrived piece by piece. */
  private final class PacedInput extends FilterInput {
    private final Input source;
    private final int piece;

    /** Of the bytes that the source has buffered, those that are paid for. */
    private int ready;

    PacedInput(Input source, int piece) {
      super(source);
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
    public int buffered() {
      return ready;
    }

    @Override
    public void consume(int count) {
      super.consume(count);
      ready -= count;
    }

    /** Those paid for: the others have a turn to wait for. */
    @Override
    public int available() {
      return ready;
    }
  }

  private final class PacedOutput extends OutputStream {
    private final OutputStream target;

    PacedOutput(OutputStream target) {
      this.target = target;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      writing.take(length);
      target.write(bytes, offset, length);
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
  public void abort() {
    super.abort();
    letGo();
  }

  @Override
  public void close() {
    super.close();
    letGo();
  }

  private void letGo() {
    reading.end();
    writing.end();
  }
}
