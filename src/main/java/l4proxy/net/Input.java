package l4proxy.net;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/**
 * A blocking stream that also shows its buffer, so that a relay can pass on what arrived without
 * copying it.
 *
 * <p>The bytes from {@link #position()} on, {@link #buffered()} of them, have arrived and are not
 * consumed yet. At least {@link Buffers#HEADROOM} bytes before them may be overwritten. One thread
 * reads.
 */
public abstract class Input extends InputStream {
  /** Creates a stream with nothing buffered. */
  protected Input() {}

  /**
   * Waits until more bytes are buffered than now.
   *
   * @return false at the end of the stream
   * @throws IOException when the connection broke, or the deadline passed ({@link
   *     java.net.SocketTimeoutException})
   */
  public abstract boolean fill() throws IOException;

  /**
   * The array that holds the buffered bytes; another one after each {@link #fill()}.
   *
   * @return the array
   */
  public abstract byte[] buffer();

  /**
   * Where the first buffered byte is.
   *
   * @return an index into {@link #buffer()}
   */
  public abstract int position();

  /**
   * How many bytes are buffered.
   *
   * @return a number of bytes
   */
  public abstract int buffered();

  /**
   * Drops the first bytes of those buffered.
   *
   * @param count at most {@link #buffered()}
   */
  public abstract void consume(int count);

  /**
   * Bounds all reads from now on together.
   *
   * @param time how long from now; zero: without a bound again
   * @throws IOException when the socket is closed
   */
  public abstract void deadline(Duration time) throws IOException;

  /**
   * Says how many bytes the reader can use together, so that {@link #fill()} need not bring the
   * beginning of what comes after them, though it may. Holds until the next call; {@link
   * Buffers#CHUNK} at first.
   *
   * @param count a number of bytes
   */
  public void want(int count) {}

  /**
   * The same about bytes that the other side has sent already, all of them, and with more behind
   * them: where they come in packets, one at a time, {@link #fill()} may let some come together.
   *
   * @param count a number of bytes
   */
  public void expect(int count) {}

  @Override
  public final int read() throws IOException {
    if (buffered() == 0 && !fill()) {
      return -1;
    }
    int b = buffer()[position()] & 0xff;
    consume(1);
    return b;
  }

  @Override
  public final int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (buffered() == 0 && !fill()) {
      return -1;
    }
    int count = Math.min(length, buffered());
    System.arraycopy(buffer(), position(), target, offset, count);
    consume(count);
    return count;
  }

  @Override
  public int available() throws IOException {
    return buffered();
  }
}
