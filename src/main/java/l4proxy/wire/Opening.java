package l4proxy.wire;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import l4proxy.net.Connection;
import l4proxy.net.Relay;

/**
 * One opening of a tunnel from OPENED to DONE, seen from one end: a local socket on one side (the
 * server's user, the client's backend), frames on the other.
 *
 * <p>One thread runs {@link #send()}, another {@link #receive()}. An end of stream is passed on
 * alone, as FIN. When the local socket breaks, RESET goes over; when RESET comes, the local socket
 * is reset; either way the frames are read on, and dropped, to the end of the opening, so that the
 * tunnel can be used again. When the tunnel itself breaks, the local socket is reset: a broken
 * connection never looks like one that ended.
 */
public final class Opening {
  /** What ended first. */
  public enum End {
    /** Nothing yet. */
    NONE,
    /** The local socket's stream. */
    LOCAL,
    /** The other side's stream. */
    REMOTE,
    /** A side, or the tunnel, broke. */
    RESET
  }

  private final Tunnel tunnel;
  private final int number;
  private final Connection local;
  private final LongConsumer sent;
  private final LongConsumer received;
  private final Runnable onEnd;
  private final AtomicReference<End> first = new AtomicReference<>(End.NONE);
  private boolean dropping;

  /**
   * The local socket has been told of the end of the other side's direction. Until then nobody may
   * close it: what came may be a RESET, and a socket closed before it is reset looks like one that
   * ended.
   */
  private volatile boolean remoteEnded;

  /**
   * Joins a local socket and an opened tunnel.
   *
   * @param tunnel used by this opening alone
   * @param local closed by the caller
   * @param sent told how many bytes went from the socket into the tunnel
   * @param received told how many bytes went from the tunnel into the socket
   * @param onEnd called when the other side's direction has ended and the local socket knows, and
   *     when this side's ends after that, by the thread that saw it: the last time with both ended
   */
  public Opening(
      Tunnel tunnel, Connection local, LongConsumer sent, LongConsumer received, Runnable onEnd) {
    this.tunnel = tunnel;
    this.number = tunnel.state().number();
    this.local = local;
    this.sent = sent;
    this.received = received;
    this.onEnd = onEnd;
  }

  /** Carries what the local socket says into the tunnel, to its end. */
  public void send() {
    try {
      Relay.copy(local.in(), tunnel::data, sent);
      ended(End.LOCAL);
      tunnel.send(FrameType.FIN);
    } catch (IOException broken) {
      ended(End.RESET);
      local.abort();
      reset(broken);
    }
    if (remoteEnded) {
      onEnd.run();
    }
  }

  private void reset(IOException cause) {
    try {
      tunnel.reset(String.valueOf(cause.getMessage()));
    } catch (IOException tunnelBroken) {
      tunnel.abort();
    }
  }

  /**
   * Carries what the tunnel says to the local socket, beyond the end of both, until a frame comes
   * that is not of this opening.
   *
   * @return the type of that frame: DONE on the server, anything else is the caller's to judge
   * @throws IOException when the tunnel broke, which it is then for good
   */
  public FrameType receive() throws IOException {
    try {
      while (true) {
        FrameType type = tunnel.receive();
        switch (type) {
          case DATA -> deliver();
          case FIN -> {
            ended(End.REMOTE);
            shutdown();
            remoteEnded();
          }
          case RESET -> {
            ended(End.RESET);
            drop(tunnel.reason());
            remoteEnded();
          }
          default -> {
            return type;
          }
        }
      }
    } catch (IOException broken) {
      ended(End.RESET);
      tunnel.abort();
      local.abort();
      throw broken;
    }
  }

  private void remoteEnded() {
    remoteEnded = true;
    onEnd.run();
  }

  private void deliver() throws IOException {
    for (int count = tunnel.piece(); count > 0; count = tunnel.piece()) {
      int left = count;
      while (left > 0) {
        int length = dropping ? left : Math.min(left, local.piece());
        if (!dropping) {
          write(length);
        }
        tunnel.consume(length);
        left -= length;
      }
      Relay.share(count);
    }
  }

  private void write(int count) {
    try {
      local.out().write(tunnel.buffer(), tunnel.position(), count);
      received.accept(count);
    } catch (IOException broken) {
      ended(End.RESET);
      drop(String.valueOf(broken.getMessage()));
    }
  }

  private void shutdown() {
    try {
      if (!dropping) {
        local.shutdownOutput();
      }
    } catch (IOException broken) {
      ended(End.RESET);
      drop(String.valueOf(broken.getMessage()));
    }
  }

  /**
   * The connection is broken: resets the local side, says so to the other, and drops what still
   * comes.
   */
  private void drop(String reason) {
    dropping = true;
    local.abort();
    tunnel.resetLater(number, reason);
  }

  /**
   * Breaks this opening from this side, and no other that the tunnel may carry by now; from any
   * thread, never waits.
   *
   * @param reason one sentence
   */
  public void end(String reason) {
    local.abort();
    tunnel.resetLater(number, reason);
  }

  private void ended(End end) {
    first.compareAndSet(End.NONE, end);
  }

  /**
   * What ended first.
   *
   * @return {@link End#NONE} while both directions go on
   */
  public End first() {
    return first.get();
  }
}
