package l4proxy.server;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import l4proxy.net.Buffers;
import l4proxy.net.Connection;
import l4proxy.wire.OpenFrame;
import l4proxy.wire.Tunnel;
import org.jspecify.annotations.Nullable;

/**
 * What a user says before a backend is connected: sent along with the opening, and kept, up to
 * {@link Buffers#CHUNK} bytes, so that another member can be given the same when the first refuses.
 *
 * <p>The user's {@code up} thread runs {@link #run()}; the thread that opens tunnels calls
 * everything else.
 */
final class FirstBytes {
  private static final byte[] NONE = new byte[0];
  private static final int ONE_WRITE = Buffers.RECORD / 2;

  private final Connection user;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition settled = lock.newCondition();
  private byte[] kept = NONE;
  private int length;
  private @Nullable Tunnel tunnel;
  private boolean opened;
  private boolean over;
  private boolean broken;
  private boolean spoken;

  FirstBytes(Connection user) {
    this.user = user;
  }

  /**
   * Keeps what has arrived already, so that it goes out in one write with the first opening; never
   * waits, neither for the user nor for the turn of one that is kept to a rate.
   */
  void peek() throws IOException {
    if (user.in().available() > 0 && user.in().fill()) {
      keep();
    }
  }

  /**
   * Opens a tunnel with all that the user said so far.
   *
   * @return false when the user is gone, or read no more: nobody would end what is opened then
   */
  boolean open(Tunnel next, OpenFrame frame) throws IOException {
    boolean open = false;
    lock.lock();
    try {
      if (broken || over) {
        return false;
      }
      spoken = length > ONE_WRITE; // less fits one system call: when that fails, nothing went out
      next.open(frame, kept, length);
      spoken = length > 0;
      open = true;
      return true;
    } finally {
      tunnel = open ? next : null; // what the user says meanwhile went into no tunnel
      lock.unlock();
    }
  }

  /**
   * Whether bytes of the user's may have gone into the tunnel that is open now: then no other may
   * be tried.
   */
  boolean spoken() {
    lock.lock();
    try {
      return spoken;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the user is gone, or read no more. */
  boolean gone() {
    lock.lock();
    try {
      return broken || over;
    } finally {
      lock.unlock();
    }
  }

  /** The tunnel open now said no, and took nothing: what the user says meanwhile is only kept. */
  void refused() {
    lock.lock();
    try {
      tunnel = null;
      spoken = false;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The backend is connected, and has been sent all that was kept; returns how many bytes that was.
   */
  int opened() {
    return settle(true);
  }

  /** No member is left. */
  void over() {
    settle(false);
  }

  private int settle(boolean success) {
    lock.lock();
    try {
      opened = success;
      over = !success;
      kept = NONE;
      settled.signalAll();
      return length;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reads the user until a backend is connected.
   *
   * @return whether one is; what the user said and is not sent yet, or its end of stream, is still
   *     to be read then
   */
  boolean run() throws InterruptedException {
    try {
      while (user.in().buffered() > 0 || user.in().fill()) {
        if (!pass()) {
          break;
        }
      }
      return awaitSettled();
    } catch (IOException gone) {
      return abandon();
    }
  }

  /** Keeps and sends what is buffered; false when it is time to stop. */
  private boolean pass() throws InterruptedException {
    lock.lock();
    try {
      while (!opened && !over && length == Buffers.CHUNK) {
        settled.await();
      }
      if (opened || over) {
        return false;
      }
      int from = length;
      keep();
      if (tunnel != null) {
        spoken = true;
        send(tunnel, from);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void send(Tunnel to, int from) {
    byte[] framed = new byte[Buffers.HEADROOM + length - from];
    System.arraycopy(kept, from, framed, Buffers.HEADROOM, length - from);
    try {
      to.data(framed, Buffers.HEADROOM, length - from);
    } catch (IOException tunnelBroken) {
      to.abort(); // which the opening thread, reading from it, deals with
    }
  }

  private void keep() {
    lock.lock();
    try {
      int count = Math.min(user.in().buffered(), Buffers.CHUNK - length);
      if (length + count > kept.length) {
        kept =
            Arrays.copyOf(kept, Math.min(Buffers.CHUNK, Math.max(2 * kept.length, length + count)));
      }
      System.arraycopy(user.in().buffer(), user.in().position(), kept, length, count);
      user.in().consume(count);
      length += count;
    } finally {
      lock.unlock();
    }
  }

  private boolean awaitSettled() throws InterruptedException {
    lock.lock();
    try {
      while (!opened && !over) {
        settled.await();
      }
      return opened;
    } finally {
      lock.unlock();
    }
  }

  /**
   * The user is gone before a backend was there: the client is told as soon as it listens again.
   */
  private boolean abandon() {
    lock.lock();
    try {
      broken = true;
      if (tunnel != null) {
        tunnel.reset("the user went away");
      }
    } catch (IOException tunnelBroken) {
      // the opening thread, reading from it, deals with that
    } finally {
      lock.unlock();
    }
    user.abort();
    return false;
  }
}
