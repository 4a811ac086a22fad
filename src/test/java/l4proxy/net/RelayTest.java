package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Two directions that live and die together. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class RelayTest {
  private static <T> Future<T> start(Callable<T> body) {
    FutureTask<T> task = new FutureTask<>(body);
    Thread.ofVirtual().start(task);
    return task;
  }

  /** Two connections joined in between: what one end says, the other gets. */
  private record Joined(Loopback left, Loopback right, Thread thread) implements AutoCloseable {
    static Joined start() throws IOException {
      Loopback left = Loopback.pair();
      Loopback right = Loopback.pair();
      PlainConnection one = left.connection();
      PlainConnection other = right.connection();
      Thread thread =
          Thread.ofVirtual()
              .start(() -> {
                try (one;
                    other) {
                  Relay.join("test relay", one, other);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      return new Joined(left, right, thread);
    }

    Socket one() {
      return left.other();
    }

    Socket other() {
      return right.other();
    }

    boolean ended() throws InterruptedException {
      return thread.join(java.time.Duration.ofSeconds(10));
    }

    @Override
    public void close() {
      left.close();
      right.close();
    }
  }

  @Test
  void bytesPassBothWaysAtOnceAndEachEndAlone() throws Exception {
    byte[] all = new byte[3_000_000];
    new Random(1).nextBytes(all);
    try (Joined joined = Joined.start()) {
      Future<byte[]> atOther = start(() -> joined.other().getInputStream().readAllBytes());
      Future<byte[]> atOne = start(() -> joined.one().getInputStream().readNBytes(all.length));
      Future<Void> back =
          start(() -> {
            joined.other().getOutputStream().write(all);
            return null;
          });
      joined.one().getOutputStream().write(all);
      joined.one().shutdownOutput();
      assertArrayEquals(all, atOther.get());
      assertArrayEquals(all, atOne.get());
      back.get();
      joined.other().getOutputStream().write(7);
      assertEquals(7, joined.one().getInputStream().read());
      joined.other().shutdownOutput();
      assertEquals(-1, joined.one().getInputStream().read());
      assertTrue(joined.ended());
    }
  }

  @Test
  void breakOfOneSideBreaksTheOther() throws Exception {
    try (Joined joined = Joined.start()) {
      joined.one().getOutputStream().write(1);
      assertEquals(1, joined.other().getInputStream().read());
      Sockets.abort(joined.one());
      assertThrows(SocketException.class, () -> joined.other().getInputStream().read());
      assertTrue(joined.ended());
    }
  }

  @Test
  void breakAfterAHalfCloseBreaksTheOtherToo() throws Exception {
    try (Joined joined = Joined.start()) {
      joined.one().shutdownOutput();
      assertEquals(-1, joined.other().getInputStream().read());
      Sockets.abort(joined.one());
      assertThrows(
          SocketException.class,
          () -> {
            while (true) {
              joined.other().getOutputStream().write(new byte[1000]);
            }
          });
      assertTrue(joined.ended());
    }
  }

  @Test
  void interruptEndsBoth() throws Exception {
    try (Joined joined = Joined.start()) {
      joined.one().getOutputStream().write(1);
      assertEquals(1, joined.other().getInputStream().read());
      joined.thread().interrupt();
      assertTrue(joined.ended());
      end(joined.one());
      end(joined.other());
    }
  }

  private static void end(Socket socket) throws IOException {
    try {
      assertEquals(-1, socket.getInputStream().read());
    } catch (SocketException reset) {
      // either will do here
    }
  }

  @Test
  void interruptEndsADirectionStuckInAWrite() throws Exception {
    try (Joined joined = Joined.start()) {
      Future<Void> flood =
          start(() -> {
            while (true) {
              joined.one().getOutputStream().write(new byte[65_536]);
            }
          });
      joined.other().getInputStream().readNBytes(1_000_000);
      joined.thread().interrupt();
      assertTrue(joined.ended());
      assertThrows(Exception.class, flood::get);
    }
  }

  @Test
  void forkedDirectionHasItsName() throws Exception {
    CompletableFuture<Thread> forked = new CompletableFuture<>();
    Relay.run("user 42 up", () -> forked.complete(Thread.currentThread()), () -> {}, () -> {});
    assertEquals("user 42 up", forked.get().getName());
    assertTrue(forked.get().isVirtual());
  }

  @Test
  void bothDirectionsRunAtOnceAndBothAreWaitedFor() throws Exception {
    CountDownLatch there = new CountDownLatch(1);
    CountDownLatch here = new CountDownLatch(1);
    AtomicInteger ended = new AtomicInteger();
    AtomicInteger aborted = new AtomicInteger();
    Relay.run(
        "test",
        () -> {
          there.countDown();
          assertTrue(here.await(10, TimeUnit.SECONDS));
          ended.incrementAndGet();
        },
        () -> {
          assertTrue(there.await(10, TimeUnit.SECONDS));
          here.countDown();
          ended.incrementAndGet();
        },
        aborted::incrementAndGet);
    assertEquals(2, ended.get());
    assertEquals(0, aborted.get());
  }

  @Test
  void failureOfTheCallersDirectionEndsTheForkedOneAndIsThrown() {
    CountDownLatch aborted = new CountDownLatch(1);
    IOException cause = new IOException("broken");
    var e =
        assertThrows(
            IOException.class,
            () ->
                Relay.run(
                    "test",
                    aborted::await,
                    () -> {
                      throw cause;
                    },
                    aborted::countDown));
    assertSame(cause, e);
  }

  @Test
  void failureOfTheForkedDirectionEndsTheCallers() throws Exception {
    CountDownLatch aborted = new CountDownLatch(1);
    Relay.run(
        "test",
        () -> {
          throw new IOException("broken");
        },
        () -> assertTrue(aborted.await(10, TimeUnit.SECONDS)),
        aborted::countDown);
    assertEquals(0, aborted.getCount());
  }

  @Test
  void bugInTheForkedDirectionIsNotLost() {
    CountDownLatch aborted = new CountDownLatch(1);
    assertThrows(
        IllegalStateException.class,
        () ->
            Relay.run(
                "test",
                () -> {
                  throw new IllegalStateException("a bug");
                },
                () -> assertTrue(aborted.await(10, TimeUnit.SECONDS)),
                aborted::countDown));
  }

  @Test
  void interruptReachesTheForkedDirection() throws Exception {
    CountDownLatch running = new CountDownLatch(2);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Future<Void> relay =
        start(() -> {
          Thread self = Thread.currentThread();
          Thread.ofVirtual()
              .start(() -> {
                try {
                  running.await();
                  self.interrupt();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
          Relay.run(
              "test",
              () -> {
                running.countDown();
                try {
                  new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                  interrupted.complete(true);
                  throw e;
                }
              },
              () -> {
                running.countDown();
                new CountDownLatch(1).await();
              },
              () -> {});
          return null;
        });
    assertTrue(interrupted.get(10, TimeUnit.SECONDS));
    var e = assertThrows(Exception.class, () -> relay.get(10, TimeUnit.SECONDS));
    assertEquals(InterruptedException.class, e.getCause().getClass());
  }

  @Test
  void copyCountsWhatWasPassedOn() throws Exception {
    try (Loopback pair = Loopback.pair()) {
      pair.other().getOutputStream().write(new byte[100_000]);
      pair.other().shutdownOutput();
      AtomicLong counted = new AtomicLong();
      AtomicLong written = new AtomicLong();
      Relay.copy(
          pair.connection().in(),
          (buffer, offset, length) -> written.addAndGet(length),
          counted::addAndGet);
      assertEquals(100_000, counted.get());
      assertEquals(100_000, written.get());
      assertThrows(
          IOException.class,
          () -> {
            try (Loopback broken = Loopback.pair()) {
              broken.other().getOutputStream().write(1);
              Relay.copy(
                  broken.connection().in(),
                  (buffer, offset, length) -> {
                    throw new IOException("full");
                  },
                  counted::addAndGet);
            }
          });
      assertEquals(100_000, counted.get());
    }
  }

  @Test
  void slowReaderSlowsItsWriter() throws Exception {
    try (Joined joined = Joined.start()) {
      AtomicLong written = new AtomicLong();
      Future<Void> flood =
          start(() -> {
            OutputStream out = joined.one().getOutputStream();
            for (int i = 0; i < 2000; i++) {
              out.write(new byte[65_536]);
              written.addAndGet(65_536);
            }
            joined.one().shutdownOutput();
            return null;
          });
      assertEquals(10, joined.other().getInputStream().readNBytes(10).length);
      assertThrows(
          java.util.concurrent.TimeoutException.class, () -> flood.get(300, TimeUnit.MILLISECONDS));
      assertFalse(written.get() > 100_000_000);
      assertEquals(
          2000 * 65_536 - 10,
          joined.other().getInputStream().transferTo(OutputStream.nullOutputStream()));
      flood.get();
    }
  }
}
