package l4proxy.net;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/**
 * Opens records into a small buffer, or, where more came than that holds, into a large one; has
 * either only while there is something in it.
 */
final class TlsInput extends Input {
  private static final byte[] NONE = new byte[0];
  private static final int SMALL = 1024;
  private static final int MOST_EMPTY = 128;

  private final SocketInput sealed;
  private final SSLEngine engine;
  private byte[] buffer = NONE;
  private int position;
  private int limit;
  private int empty;

  TlsInput(SocketInput sealed, SSLEngine engine) {
    this.sealed = sealed;
    this.engine = engine;
  }

  @Override
  public boolean fill() throws IOException {
    if (position < limit) {
      throw new IllegalStateException("consume what is buffered before filling again");
    }
    letGo();
    while (!engine.isInboundDone()) {
      if (sealed.buffered() > 0 && unwrap()) {
        return true;
      }
      if (!engine.isInboundDone() && !sealed.fill()) {
        if (sealed.buffered() > 0) {
          throw new EOFException("the connection ended within a TLS record");
        }
        return false;
      }
    }
    return false;
  }

  /** Opens all records that are whole; true when that gave bytes. */
  private boolean unwrap() throws IOException {
    if (buffer.length == 0) {
      int count = sealed.buffered(); // records only get shorter
      buffer = count > SMALL ? Buffers.take() : new byte[Buffers.HEADROOM + count];
      position = Buffers.HEADROOM;
      limit = Buffers.HEADROOM;
    }
    ByteBuffer from = ByteBuffer.wrap(sealed.buffer(), sealed.position(), sealed.buffered());
    ByteBuffer to = ByteBuffer.wrap(buffer, limit, buffer.length - limit);
    boolean more = from.hasRemaining();
    while (more) {
      SSLEngineResult result = engine.unwrap(from, to);
      sealed.consume(result.bytesConsumed());
      countEmpty(result);
      if (result.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
        TlsConnection.runTasks(engine);
      }
      more =
          result.getStatus() == SSLEngineResult.Status.OK
              && (result.bytesConsumed() > 0 || result.bytesProduced() > 0)
              && from.hasRemaining();
    }
    limit = to.position();
    if (sealed.buffered() == 0) {
      sealed.letGo(); // whoever gets the bytes may be slow
    }
    if (limit > position) {
      return true;
    }
    letGo();
    return false;
  }

  /**
   * Records without data, KeyUpdates for example, cost work and answers: some are fine, also the
   * answers that a side held up in writing owes all at once; a flood is not.
   */
  private void countEmpty(SSLEngineResult result) throws SSLException {
    if (result.bytesProduced() > 0) {
      empty = 0;
    } else if (result.bytesConsumed() > 0 && ++empty > MOST_EMPTY) {
      throw new SSLException("too many TLS records without data");
    }
  }

  /** One step of the handshake: whatever one record brings. */
  void unwrapHandshake() throws IOException {
    if (sealed.buffered() == 0 && !sealed.fill()) {
      throw new SSLException("the connection ended within the TLS handshake");
    }
    ByteBuffer from = ByteBuffer.wrap(sealed.buffer(), sealed.position(), sealed.buffered());
    byte[] target = Buffers.take();
    try {
      SSLEngineResult result = engine.unwrap(from, ByteBuffer.wrap(target));
      sealed.consume(result.bytesConsumed());
      switch (result.getStatus()) {
        case BUFFER_UNDERFLOW -> {
          if (!sealed.fill()) {
            throw new SSLException("the connection ended within the TLS handshake");
          }
        }
        case CLOSED -> throw new SSLException("the other side ended the TLS handshake");
        default -> {}
      }
    } finally {
      Buffers.give(target);
    }
  }

  private void letGo() {
    if (buffer.length == Buffers.LARGE) {
      Buffers.give(buffer);
    }
    buffer = NONE;
    position = 0;
    limit = 0;
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
    if (position == limit) {
      letGo(); // who waits for more may wait for long
    }
  }

  @Override
  public void deadline(Duration time) throws IOException {
    sealed.deadline(time);
  }

  @Override
  public void want(int count) {
    sealed.want(sealed(count));
  }

  @Override
  public void expect(int count) {
    sealed.expect(sealed(count));
  }

  private static int sealed(int count) {
    return count + Math.ceilDiv(count, Buffers.RECORD) * Buffers.SEAL;
  }

  @Override
  public int available() throws IOException {
    return buffered() > 0 ? buffered() : sealed.available();
  }
}
