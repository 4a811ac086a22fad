package l4proxy.net;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Accepts connections on one platform thread, {@code accept NAME}, and gives each a virtual thread
 * of its own.
 *
 * <p>The loop owns its listener and its threads: {@link #close()} closes the one, interrupts the
 * others, which closes the sockets they are blocked in, and returns when they are gone. {@link
 * #stop()} only closes the listener, for good, {@link #pause()} until another one is there. A
 * failure to accept (no descriptor left, no memory) is reported once and tried again until it
 * heals.
 */
public final class AcceptLoop implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("l4proxy.accept");
  private static final long PAUSE_MILLIS = 100;

  /** What happens to one accepted socket, on its own virtual thread. */
  @FunctionalInterface
  public interface Handler {
    /**
     * Serves one connection.
     *
     * @param socket the accepted socket; the handler's to close, unless it throws
     * @throws IOException when a side went away
     * @throws InterruptedException when the loop is being closed
     */
    void accepted(Socket socket) throws IOException, InterruptedException;
  }

  private final String name;
  private final Handler handler;
  private final int port;
  private final ExecutorService threads;
  private volatile ServerSocket listener;
  private volatile Thread loop;
  private volatile CountDownLatch closed = new CountDownLatch(1);
  private boolean stopped;

  /**
   * Starts to accept.
   *
   * @param name for threads and messages, {@code public:8080}
   * @param listener bound; closed by the loop, also when it cannot start
   * @param handler what to do with a connection
   */
  public AcceptLoop(String name, ServerSocket listener, Handler handler) {
    Carriers.begin();
    this.name = name;
    this.listener = listener;
    this.handler = handler;
    this.threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name(name + " ", 1).factory());
    try {
      this.port = listener.getLocalPort();
      this.loop = listen(listener);
    } catch (OutOfMemoryError noThread) { // whoever connects is refused, instead of never served
      close(listener);
      throw noThread;
    }
  }

  private Thread listen(ServerSocket from) {
    return Thread.ofPlatform().name("accept " + name).daemon().start(() -> run(from));
  }

  private void run(ServerSocket from) {
    boolean failing = false;
    while (!from.isClosed()) {
      try {
        start(from.accept());
        failing = false;
      } catch (IOException | OutOfMemoryError e) {
        if (from.isClosed()) {
          return;
        }
        failing = failing || told(e);
        rest();
      }
    }
  }

  /** Says why nothing is accepted, if there is memory to say it. */
  private boolean told(Throwable cause) {
    try {
      LOG.log(
          System.Logger.Level.WARNING,
          "{0}: cannot accept connections for now: {1}",
          name,
          cause.getMessage());
      return true;
    } catch (OutOfMemoryError full) {
      return false;
    }
  }

  private void start(Socket socket) {
    boolean started = false;
    try {
      threads.execute(() -> serve(socket));
      started = true;
    } catch (RejectedExecutionException closing) {
      // nobody is served any more
    } finally {
      if (!started) {
        Sockets.abort(socket);
      }
    }
  }

  private void serve(Socket socket) {
    boolean served = false;
    try {
      Sockets.prepare(socket);
      handler.accepted(socket);
      served = true;
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "{0}: {1}", name, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (OutOfMemoryError e) { // nobody is to take that for an end
      Sockets.abort(socket);
      throw e;
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, name + ": a bug, please report it", e);
    } finally {
      if (!served) {
        Sockets.close(socket);
      }
    }
  }

  private void rest() {
    try {
      closed.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Where connections arrive.
   *
   * @return the local port
   */
  public int port() {
    return port;
  }

  /**
   * Lets another process of the same user listen beside, until this one stops.
   *
   * @throws IOException when it has stopped
   */
  public void share() throws IOException {
    Sockets.share(listener, true);
  }

  /**
   * Accepts again, after a pause; not if it was stopped meanwhile.
   *
   * @param again bound; closed by the loop
   * @throws IOException when it cannot be closed, or there is no thread for it
   */
  public synchronized void resume(ServerSocket again) throws IOException {
    if (stopped) {
      again.close();
      return;
    }
    closed = new CountDownLatch(1);
    listener = again;
    try {
      loop = listen(again);
    } catch (OutOfMemoryError e) {
      close(again);
      throw new IOException("there is no thread for it", e);
    }
  }

  /**
   * Accepts nothing until it is resumed, and returns when the port is free; connections already
   * accepted go on.
   */
  public synchronized void pause() {
    closed.countDown();
    close(listener);
    try {
      loop.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void close(ServerSocket listener) {
    try {
      listener.close();
    } catch (IOException closedAlready) {
      // the descriptor is gone either way
    }
  }

  /** Accepts nothing any more, and returns when the port is free; as {@link #pause()} else. */
  public synchronized void stop() {
    stopped = true;
    pause();
  }

  /**
   * Whether it was stopped.
   *
   * @return true when it cannot be resumed
   */
  public synchronized boolean isStopped() {
    return stopped;
  }

  @Override
  public void close() {
    stop();
    threads.shutdownNow();
    threads.close();
  }
}
