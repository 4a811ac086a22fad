package l4proxy.net;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * What arrives on a socket: waits in a small buffer of its own and moves to a large one while more
 * is there than fits.
 *
 * <p>So an idle connection costs {@value #SMALL} bytes, and a busy one makes one system call for 64
 * KiB. Over a slow link those would come packet by packet, and each wake a thread: bytes that are
 * expected are gathered for a millisecond, as network cards moderate their interrupts.
 */
final class SocketInput extends Input {
  private static final int SMALL = 1024;

  /** Reads that find too little before it is gathered: what is short is not slowed down. */
  private static final int PATIENCE = 8;

  private static final long GATHERED_NANOS = 1_000_000;

  private final Socket socket;
  private final InputStream in;
  private final SocketOutput out;
  private final byte[] small = new byte[Buffers.HEADROOM + SMALL];
  private byte[] buffer = small;
  private int position = Buffers.HEADROOM;
  private int limit = Buffers.HEADROOM;

  /**
   * The last read brought more than a small buffer holds, or all that was wanted: look before
   * waiting in the small one again.
   */
  private boolean flowing;

  private int wanted = Buffers.CHUNK;

  /** What is wanted is on its way, with more behind it. */
  private boolean expected;

  /** Fills that found too little of what is expected, since one found a record's worth. */
  private int scarce;

  private long deadline;
  private boolean bounded;

  SocketInput(Socket socket, SocketOutput out) throws IOException {
    this.socket = socket;
    this.out = out;
    this.in = socket.getInputStream();
  }

  @Override
  public boolean fill() throws IOException {
    if (flowing && expected) {
      gather();
    }
    if (position == limit) {
      return flowing && in.available() > 0 ? fillLarge() : fillSmall();
    }
    return append();
  }

  private void gather() throws IOException {
    int there = in.available();
    if (there >= Buffers.RECORD) {
      scarce = 0;
    } else if (there < wanted - (limit - position) && ++scarce > PATIENCE) {
      LockSupport.parkNanos(this, GATHERED_NANOS);
    }
  }

  private boolean fillSmall() throws IOException {
    letGo();
    int most = Math.min(wanted, SMALL);
    int count = receive(small, Buffers.HEADROOM, most);
    if (count < 0) {
      return false;
    }
    position = Buffers.HEADROOM;
    limit = position + count;
    flowing = count == most;
    if (flowing && count < wanted && in.available() > 0) {
      append();
    }
    return true;
  }

  private boolean fillLarge() throws IOException {
    enlarge();
    int count = receive(buffer, Buffers.HEADROOM, wanted);
    if (count < 0) {
      return false;
    }
    position = Buffers.HEADROOM;
    limit = position + count;
    flowing = count > SMALL || count == wanted;
    return true;
  }

  /** Reads on behind what is buffered, which moves to the front of a large buffer. */
  private boolean append() throws IOException {
    int kept = limit - position;
    byte[] from = buffer;
    int start = position;
    enlarge();
    System.arraycopy(from, start, buffer, Buffers.HEADROOM, kept);
    position = Buffers.HEADROOM;
    limit = position + kept;
    int most = Math.min(Math.max(wanted - kept, SMALL), Buffers.LARGE - limit);
    int count = receive(buffer, limit, most);
    if (count < 0) {
      return false;
    }
    limit += count;
    return true;
  }

  private void enlarge() {
    if (buffer.length == small.length) {
      buffer = Buffers.take();
    }
  }

  /**
   * Gives the large buffer back; called by the reading thread, also when it is done with the
   * stream.
   */
  void letGo() {
    position = Buffers.HEADROOM;
    limit = Buffers.HEADROOM;
    if (buffer.length > small.length) {
      Buffers.give(buffer);
      buffer = small;
    }
  }

  private int receive(byte[] target, int offset, int length) throws IOException {
    if (bounded) {
      long left = (deadline - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new SocketTimeoutException("nothing arrived in time");
      }
      socket.setSoTimeout((int) left);
    }
    int count = in.read(target, offset, length);
    if (count < 0 && out.broken()) {
      throw new SocketException("the connection was reset");
    }
    return count;
  }

  @Override
  public void deadline(Duration time) throws IOException {
    bounded = !time.isZero();
    deadline = System.nanoTime() + time.toNanos();
    if (!bounded) {
      socket.setSoTimeout(0);
    }
  }

  @Override
  public byte[] buffer() {
    return buffer;
  }

  @Override
  public int position() {
    return position;
  }

  @Override
  public int buffered() {
    return limit - position;
  }

  @Override
  public void consume(int count) {
    position += count;
  }

  @Override
  public void want(int count) {
    wanted = Math.min(count, Buffers.LARGE - Buffers.HEADROOM);
    expected = false;
  }

  @Override
  public void expect(int count) {
    want(count);
    expected = true;
  }

  @Override
  public int available() throws IOException {
    return buffered() + in.available();
  }
}
