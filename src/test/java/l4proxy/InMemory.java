package l4proxy;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import l4proxy.net.Buffers;
import l4proxy.net.Connection;
import l4proxy.net.Input;

/**
 * A connection whose other side has said all it will say, in pieces of a size of the test's, and
 * takes whatever it is told. Fast enough for a fuzzer.
 */
public final class InMemory implements Connection {
  private static final InetSocketAddress NOWHERE =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

  private final Said in;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /**
   * A connection.
   *
   * @param said what arrives
   * @param piece the most bytes that arrive at once
   */
  public InMemory(byte[] said, int piece) {
    in = new Said(said, Math.max(1, piece));
  }

  private static final class Said extends Input {
    private final byte[] bytes;
    private final int piece;
    private int position = Buffers.HEADROOM;
    private int arrived = Buffers.HEADROOM;

    Said(byte[] said, int piece) {
      this.bytes = new byte[Buffers.HEADROOM + said.length];
      System.arraycopy(said, 0, bytes, Buffers.HEADROOM, said.length);
      this.piece = piece;
    }

    @Override
    public boolean fill() {
      int before = arrived;
      arrived = Math.min(bytes.length, arrived + piece);
      return arrived > before;
    }

    @Override
    public byte[] buffer() {
      return bytes;
    }

    @Override
    public int position() {
      return position;
    }

    @Override
    public int buffered() {
      return arrived - position;
    }

    @Override
    public void consume(int count) {
      if (count < 0 || count > buffered()) {
        throw new AssertionError(count + " bytes taken of " + buffered());
      }
      position += count;
    }

    @Override
    public void deadline(Duration time) {
      // nothing is waited for
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

  /** What was written so far. */
  public byte[] written() {
    return out.toByteArray();
  }

  /** How many of the bytes said have been taken. */
  public int taken() {
    return in.position - Buffers.HEADROOM;
  }

  @Override
  public void shutdownOutput() {
    // nobody reads
  }

  @Override
  public void abort() {
    // there is no socket
  }

  @Override
  public void close() {
    // there is no socket
  }

  @Override
  public InetSocketAddress remote() {
    return NOWHERE;
  }

  @Override
  public InetSocketAddress local() {
    return NOWHERE;
  }

  @Override
  public boolean encrypted() {
    return false;
  }
}
