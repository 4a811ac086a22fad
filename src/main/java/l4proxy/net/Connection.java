package l4proxy.net;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;

/**
 * A connected socket with blocking streams, plain or through TLS.
 *
 * <p>One thread reads and one writes at a time. {@link #abort()} and {@link #close()} may come from
 * any thread and end what the others are blocked in with an exception. Who made the connection
 * closes it.
 */
public interface Connection extends Closeable {
  /**
   * What arrives.
   *
   * @return the one input of this connection
   */
  Input in();

  /**
   * Where to write; each write goes out at once, none is buffered.
   *
   * @return the one output of this connection
   */
  OutputStream out();

  /**
   * The most bytes that should be written at once, so that what is written goes on steadily.
   *
   * @return as many as one likes, unless the connection is kept to a rate
   */
  default int piece() {
    return Integer.MAX_VALUE;
  }

  /**
   * Ends the outgoing direction; the incoming one goes on.
   *
   * @throws IOException when the connection broke
   */
  void shutdownOutput() throws IOException;

  /**
   * Breaks the connection so that the other side sees a reset, whatever is still under way; never
   * waits.
   */
  void abort();

  /** Ends both directions; never throws, never waits. */
  @Override
  void close();

  /**
   * The other side.
   *
   * @return its address
   */
  InetSocketAddress remote();

  /**
   * This side.
   *
   * @return its address
   */
  InetSocketAddress local();

  /**
   * Whether the bytes are sealed on the way.
   *
   * @return true for TLS
   */
  boolean encrypted();
}
