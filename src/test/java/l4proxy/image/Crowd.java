package l4proxy.image;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Many users of a service that echoes, and the service, as programs of their own: for a network
 * that the tests themselves are not in.
 *
 * <p>{@code backend} prints its port and echoes until it is ended. {@code users PORT RATE LEAST
 * TRANSFERS END} starts {@code RATE} users a second, fewer when 100 are waiting, each of whom sends
 * 200 bytes and wants them back; and transfers, which go on and on. It ends when there were {@code
 * LEAST} users and the file {@code END} is there, 90 s later at most, and prints {@code users=N
 * refused=N transfers=N cut=N bytes=N seconds=N}, with a line before for each that failed.
 */
final class Crowd {
  private static final int QUESTION = 200;
  private static final int PIECE = 4096;
  private static final long LONGEST = TimeUnit.SECONDS.toNanos(90);

  private final int port;
  private final Semaphore places = new Semaphore(100);
  private final AtomicInteger served = new AtomicInteger();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger cut = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean over;

  private Crowd(int port) {
    this.port = port;
  }

  /** The command line, without the network to run it in. */
  static List<String> command(String... arguments) {
    Path classes;
    try {
      classes = Path.of(Crowd.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
    List<String> all =
        new java.util.ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xshare:auto",
                "-XX:+UseSerialGC",
                "--enable-preview",
                "-cp",
                classes.toString(),
                Crowd.class.getName()));
    all.addAll(Arrays.asList(arguments));
    return all;
  }

  /** Runs as a program. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments[0].equals("backend")) {
      echo();
    } else {
      int[] numbers = Arrays.stream(arguments, 1, 5).mapToInt(Integer::parseInt).toArray();
      new Crowd(numbers[0]).run(numbers[1], numbers[2], numbers[3], Path.of(arguments[5]));
    }
  }

  private static void echo() throws IOException {
    try (ServerSocket listener = new ServerSocket(0, 4096, InetAddress.getLoopbackAddress())) {
      System.out.println(listener.getLocalPort());
      while (true) {
        Socket socket = listener.accept();
        Thread.ofVirtual().start(() -> echo(socket));
      }
    }
  }

  private static void echo(Socket socket) {
    try (socket) {
      socket.setTcpNoDelay(true);
      socket.getInputStream().transferTo(socket.getOutputStream());
    } catch (IOException gone) {
      // the user tells
    }
  }

  private void run(int rate, int least, int transfers, Path end)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    try (ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < transfers; i++) {
        int seed = i;
        all.execute(() -> transfer(seed));
      }
      long began = System.nanoTime();
      int started = 0;
      while ((started < least || !Files.exists(end)) && System.nanoTime() - began < LONGEST) {
        places.acquire();
        all.execute(this::user);
        started++;
        long due = began + started * TimeUnit.SECONDS.toNanos(1) / rate;
        TimeUnit.NANOSECONDS.sleep(Math.max(0, due - System.nanoTime()));
      }
      over = true;
    }
    System.out.println(
        "users="
            + served
            + " refused="
            + refused
            + " transfers="
            + transfers
            + " cut="
            + cut
            + " bytes="
            + bytes
            + " seconds="
            + (System.nanoTime() - start) / 1_000_000_000);
  }

  private void user() {
    long began = System.nanoTime();
    try (Socket user = connect()) {
      ask(user, new Random(began), QUESTION);
      served.incrementAndGet();
    } catch (IOException e) {
      refused.incrementAndGet();
      failed("a user", began, e);
    } finally {
      places.release();
    }
  }

  private void transfer(int seed) {
    long began = System.nanoTime();
    try (Socket user = connect()) {
      Random random = new Random(seed);
      while (!over) {
        ask(user, random, PIECE);
        bytes.addAndGet(PIECE);
        TimeUnit.MILLISECONDS.sleep(10);
      }
    } catch (IOException e) {
      cut.incrementAndGet();
      failed("a transfer", began, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(30_000);
    socket.setTcpNoDelay(true);
    return socket;
  }

  private static void ask(Socket user, Random random, int count) throws IOException {
    byte[] question = new byte[count];
    random.nextBytes(question);
    user.getOutputStream().write(question);
    byte[] answer = user.getInputStream().readNBytes(count);
    if (!Arrays.equals(question, answer)) {
      throw new EOFException(answer.length + " bytes of " + count + " came back, or others");
    }
  }

  private static void failed(String who, long began, IOException why) {
    System.out.println(
        who
            + " after "
            + (System.nanoTime() - began) / 1_000_000
            + " ms, at "
            + Instant.now()
            + ": "
            + why.getMessage());
  }
}
