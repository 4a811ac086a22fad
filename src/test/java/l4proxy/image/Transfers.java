package l4proxy.image;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import l4proxy.net.Sockets;

/**
 * Transfers through a public port, every second one from the user to the backend, the others the
 * other way: content that is checked byte by byte, sent at a steady pace, and watched at both ends.
 * {@link #serve} is the backend.
 */
final class Transfers implements AutoCloseable {
  private static final int PIECE = 64 * 1024;
  private static final int SILENCE_MILLIS = 90_000;
  private static final int THANKS = 'k';

  /** How one end of a transfer saw it end. */
  private enum End {
    WHOLE,
    RESET
  }

  /** What one end saw, and when. */
  private record Outcome(End end, long at) {}

  private final String what;
  private final int pieces;
  private final Duration pause;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<Socket> users = new ArrayList<>();
  private final List<FutureTask<Outcome>> atUser = new ArrayList<>();
  private final Map<Integer, FutureTask<Outcome>> atBackend = new ConcurrentHashMap<>();

  /** What they go through, and each of so many pieces of 64 KiB, with a pause behind each. */
  Transfers(String what, int pieces, Duration pause) {
    this.what = what;
    this.pieces = pieces;
    this.pause = pause;
  }

  /** The backend's side of one. */
  void serve(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    int number = in.readInt();
    FutureTask<Outcome> task =
        new FutureTask<>(() ->
            outcome(() -> {
              if (isUpload(number)) {
                assertEquals(length(), Content.readAll(in, 0), "a clean end too early");
                socket.getOutputStream().write(THANKS);
              } else {
                send(socket.getOutputStream());
              }
              socket.shutdownOutput();
              assertEquals(-1, in.read());
            }));
    atBackend.put(number, task);
    task.run();
  }

  /** Starts one with a user who is connected. */
  void start(Socket user) throws IOException {
    int number = users.size();
    users.add(user);
    user.setSoTimeout(SILENCE_MILLIS);
    FutureTask<Outcome> task =
        new FutureTask<>(() ->
            outcome(() -> {
              new DataOutputStream(user.getOutputStream()).writeInt(number);
              InputStream in = user.getInputStream();
              if (isUpload(number)) {
                send(user.getOutputStream());
                user.shutdownOutput();
                assertEquals(THANKS, in.read());
                assertEquals(-1, in.read());
              } else {
                assertEquals(length(), Content.readAll(in, 0), "a clean end too early");
              }
              user.close();
            }));
    atUser.add(task);
    threads.execute(task);
  }

  /** Waits until the backend knows each of them: from then on both ends see how it ends. */
  void awaitAtBackend() {
    await().atMost(Faults.PATIENCE).until(() -> atBackend.size() == users.size());
  }

  private static boolean isUpload(int number) {
    return number % 2 == 0;
  }

  private long length() {
    return (long) pieces * PIECE;
  }

  private void send(OutputStream out) throws IOException, InterruptedException {
    Content.write(
        new OutputStream() {
          @Override
          public void write(int b) {
            throw new UnsupportedOperationException("in pieces only");
          }

          @Override
          public void write(byte[] bytes, int from, int count) throws IOException {
            out.write(bytes, from, count);
            pace();
          }
        },
        length());
  }

  private void pace() {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** What is done until a transfer is whole. */
  @FunctionalInterface
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private static Outcome outcome(Work work) throws IOException, InterruptedException {
    try {
      work.run();
      return new Outcome(End.WHOLE, System.nanoTime());
    } catch (SocketException reset) {
      return new Outcome(End.RESET, System.nanoTime());
    }
  }

  /**
   * Waits for the end of all: each was whole at both ends, or reset at both; one that never came to
   * the backend has to be reset at the user.
   *
   * @param time to wait, from now
   * @param broken {@link System#nanoTime()} when what ends them happened
   * @param most how long the last reset may come after that
   * @return how many were whole
   */
  int areWholeOrReset(Duration time, long broken, Duration most) throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    int whole = 0;
    long last = 0;
    for (int number = 0; number < users.size(); number++) {
      String which = (isUpload(number) ? "upload " : "download ") + number;
      Outcome user = get(atUser.get(number), deadline, which + " at the user");
      Outcome neverCame = new Outcome(End.RESET, broken);
      FutureTask<Outcome> task = atBackend.get(number);
      Outcome backend = task == null ? neverCame : get(task, deadline, which + " at the backend");
      assertEquals(user.end(), backend.end(), which + " ended otherwise at the user");
      if (user.end() == End.WHOLE) {
        whole++;
      } else {
        long after = Math.max(user.at() - broken, backend.at() - broken);
        assertTrue(after <= most.toNanos(), which + " was reset after " + after / 1e9 + " s");
        last = Math.max(last, after);
      }
    }
    System.out.printf("FIGURE: %s: %d of %d transfers whole%n", what, whole, users.size());
    if (whole < users.size()) {
      Figures.print(what + ": last transfer reset after", last);
    }
    return whole;
  }

  private static Outcome get(FutureTask<Outcome> task, long deadline, String which)
      throws InterruptedException {
    try {
      return task.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(which + " hangs", e);
    } catch (ExecutionException e) {
      throw new AssertionError(which + ": " + e.getCause().getMessage(), e.getCause());
    }
  }

  @Override
  public void close() {
    users.forEach(Sockets::abort);
    threads.shutdownNow();
    threads.close();
  }
}
