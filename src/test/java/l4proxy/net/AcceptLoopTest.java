package l4proxy.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Accepting, whatever handlers and the system do. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class AcceptLoopTest {
  /** Counts what is logged at each level, instead of showing it. */
  private static final class Counted extends Handler {
    final AtomicInteger warnings = new AtomicInteger();
    final AtomicInteger errors = new AtomicInteger();

    @Override
    public void publish(LogRecord logged) {
      if (logged.getLevel().equals(Level.WARNING)) {
        warnings.incrementAndGet();
      } else if (logged.getLevel().equals(Level.SEVERE)) {
        errors.incrementAndGet();
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }

  private static final Logger LOGGER = Logger.getLogger("l4proxy.accept");

  private final Counted logged = new Counted();

  @BeforeEach
  void listen() {
    LOGGER.setUseParentHandlers(false);
    LOGGER.addHandler(logged);
  }

  @AfterEach
  void unlisten() {
    LOGGER.removeHandler(logged);
    LOGGER.setUseParentHandlers(true);
  }

  private static Socket connect(AcceptLoop loop) throws IOException {
    Socket socket = new Socket("127.0.0.1", loop.port());
    socket.setSoTimeout(10_000);
    return socket;
  }

  @Test
  void eachConnectionHasAVirtualThreadOfItsOwn() throws Exception {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    CountDownLatch three = new CountDownLatch(3);
    try (AcceptLoop loop =
            new AcceptLoop(
                "test",
                Loopback.listener(),
                socket -> {
                  threads.add(Thread.currentThread());
                  three.countDown();
                  three.await();
                  socket.close();
                });
        Socket one = connect(loop);
        Socket two = connect(loop);
        Socket more = connect(loop)) {
      for (Socket each : new Socket[] {one, two, more}) {
        assertEquals(-1, each.getInputStream().read());
      }
      assertEquals(3, threads.size());
      for (Thread thread : threads) {
        assertTrue(thread.isVirtual());
        assertTrue(thread.getName().startsWith("test "), thread.getName());
      }
    }
  }

  @Test
  void acceptedSocketHasTheOptionsOfAll() throws Exception {
    CompletableFuture<Boolean> options = new CompletableFuture<>();
    try (AcceptLoop loop =
            new AcceptLoop(
                "test",
                Loopback.listener(),
                socket -> {
                  options.complete(
                      socket.getTcpNoDelay()
                          && socket.getKeepAlive()
                          && socket.getOption(jdk.net.ExtendedSocketOptions.TCP_KEEPIDLE) == 15
                          && socket.getOption(jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL) == 5
                          && socket.getOption(jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT) == 3);
                  socket.close();
                });
        Socket user = connect(loop)) {
      assertTrue(options.get(10, TimeUnit.SECONDS));
      assertEquals(-1, user.getInputStream().read());
    }
  }

  @Test
  void handlerThatThrowsLosesItsOwnConnectionOnly() throws Exception {
    AtomicInteger calls = new AtomicInteger();
    try (AcceptLoop loop =
        new AcceptLoop(
            "test",
            Loopback.listener(),
            socket -> {
              switch (calls.incrementAndGet()) {
                case 1 -> throw new IOException("gone");
                case 2 -> throw new IllegalStateException("a bug");
                case 3 -> throw new InterruptedException();
                default -> {
                  socket.getOutputStream().write(7);
                  socket.close();
                }
              }
            })) {
      for (int i = 0; i < 3; i++) {
        try (Socket user = connect(loop)) {
          assertEquals(-1, user.getInputStream().read());
        }
      }
      try (Socket user = connect(loop)) {
        assertEquals(7, user.getInputStream().read());
      }
    }
    assertEquals(1, logged.errors.get());
    assertEquals(0, logged.warnings.get());
  }

  @Test
  void closeEndsWhatHandlersAreBlockedInAndWaitsForThem() throws Exception {
    CountDownLatch blocked = new CountDownLatch(2);
    AtomicInteger ended = new AtomicInteger();
    AcceptLoop loop =
        new AcceptLoop(
            "test",
            Loopback.listener(),
            socket -> {
              try (socket) {
                if (socket.getInputStream().read() == 1) {
                  blocked.countDown();
                  socket.getInputStream().read();
                } else {
                  blocked.countDown();
                  new CountDownLatch(1).await();
                }
              } finally {
                ended.incrementAndGet();
              }
            });
    try (loop;
        Socket reading = connect(loop);
        Socket waiting = connect(loop)) {
      reading.getOutputStream().write(1);
      waiting.getOutputStream().write(2);
      assertTrue(blocked.await(10, TimeUnit.SECONDS));
      loop.close();
      assertEquals(2, ended.get());
      assertEquals(-1, reading.getInputStream().read());
      assertEquals(-1, waiting.getInputStream().read());
    }
  }

  @Test
  void stopLetsConnectionsGoOn() throws Exception {
    try (AcceptLoop loop = echo();
        Socket user = connect(loop)) {
      user.getOutputStream().write(1);
      assertEquals(1, user.getInputStream().read());
      loop.stop();
      assertThrows(ConnectException.class, () -> connect(loop).close());
      user.getOutputStream().write(2);
      assertEquals(2, user.getInputStream().read());
    }
  }

  @Test
  void pausedLoopAcceptsAgainFromAnotherListener() throws Exception {
    try (AcceptLoop loop = echo()) {
      loop.pause();
      assertThrows(IOException.class, loop::share);
      assertFalse(loop.isStopped());
      loop.resume(listener(loop.port()));
      try (Socket user = connect(loop)) {
        user.getOutputStream().write(1);
        assertEquals(1, user.getInputStream().read());
      }
    }
  }

  @Test
  void loopThatIsStoppedInItsPauseStaysSo() throws Exception {
    try (AcceptLoop loop = echo()) {
      loop.pause();
      loop.stop();
      assertTrue(loop.isStopped());
      loop.resume(listener(loop.port()));
      assertThrows(ConnectException.class, () -> connect(loop).close());
      listener(loop.port()).close(); // the port is free
    }
  }

  private static AcceptLoop echo() throws IOException {
    return new AcceptLoop(
        "test",
        Loopback.listener(),
        socket -> {
          try (socket) {
            socket.getInputStream().transferTo(socket.getOutputStream());
          }
        });
  }

  private static ServerSocket listener(int port) throws IOException {
    return Sockets.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  /** As when there are no descriptors left. */
  @Test
  void failureToAcceptIsToldOnceAndHeals() throws Exception {
    try (Loopback pair = Loopback.pair()) {
      AtomicInteger attempts = new AtomicInteger();
      AtomicBoolean closed = new AtomicBoolean();
      CountDownLatch healed = new CountDownLatch(1);
      CountDownLatch end = new CountDownLatch(1);
      ServerSocket listener = mock(ServerSocket.class);
      when(listener.isClosed()).thenAnswer(call -> closed.get());
      when(listener.accept())
          .thenAnswer(call -> {
            switch (attempts.incrementAndGet()) {
              case 1, 2, 3 -> throw new SocketException("Too many open files");
              case 4 -> {
                return pair.one();
              }
              case 5 -> {
                healed.await();
                throw new SocketException("Too many open files");
              }
              default -> {
                end.await();
                throw new SocketException("Socket closed");
              }
            }
          });
      org.mockito.Mockito.doAnswer(
              call -> {
                closed.set(true);
                end.countDown();
                return null;
              })
          .when(listener)
          .close();
      long before = System.nanoTime();
      try (AcceptLoop _ =
          new AcceptLoop(
              "test",
              listener,
              socket -> {
                socket.getOutputStream().write(7);
                socket.close();
              })) {
        assertEquals(7, pair.other().getInputStream().read());
        assertTrue(System.nanoTime() - before >= 290_000_000L, "it was not backed off");
        assertEquals(1, logged.warnings.get());
        healed.countDown();
        Awaitility.await().until(() -> attempts.get() >= 6);
        assertEquals(2, logged.warnings.get());
      }
    }
  }

  @Test
  void closeDoesNotWaitForThePauseAfterAFailure() throws Exception {
    ServerSocket listener = Loopback.listener();
    AcceptLoop loop = new AcceptLoop("test", listener, socket -> {});
    loop.close();
    loop.close();
    assertTrue(listener.isClosed());
    assertFalse(
        Thread.getAllStackTraces().keySet().stream()
            .anyMatch(thread -> thread.getName().equals("accept test")));
  }
}
