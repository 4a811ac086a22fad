package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import l4proxy.LeakCheck;
import l4proxy.Loopback;
import l4proxy.TlsPair;
import l4proxy.net.Connection;
import l4proxy.net.PlainConnection;
import l4proxy.net.Relay;
import l4proxy.net.Sockets;
import l4proxy.net.Watch;
import l4proxy.wire.TunnelState.Side;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tunnels over loopback, an end of each kind driven as {@code UserConnection} and {@code
 * ServedTunnel} do.
 *
 * <p>Users and backends say what {@link #content} makes of the number of their opening, so that a
 * byte of another one is seen.
 */
@Timeout(120)
@ExtendWith(LeakCheck.class)
final class TunnelTest {
  private static final byte[] NOTHING = new byte[0];

  /** How a user or a backend takes leave. */
  private enum Leaves {
    /** Says all, ends its direction, reads the other to its end. */
    CLEANLY,
    /** Says all, then breaks off. */
    BY_RESET,
    /** Breaks off as soon as something is read, or the end. */
    BY_RESET_WHEN_SPOKEN_TO
  }

  private record Plan(int bytes, Leaves leaves) {}

  /** What came, and whether it ended cleanly. */
  private record Got(long bytes, boolean end) {}

  private static byte content(int opening, boolean user, long at) {
    return (byte) (opening * 131 + (user ? 17 : 91) + at * 7 + (at >> 8));
  }

  /**
   * Two ends joined; backends are handed to the client's end one for each opening, null: refuse.
   */
  private static final class Ends implements AutoCloseable {
    final Watch watch = new Watch();
    final Tunnel server;
    final Tunnel client;
    final SynchronousQueue<Callable<Connection>> backends = new SynchronousQueue<>();
    final Closeable sockets;
    final FutureTask<Void> serving;
    final Thread thread;

    Ends(boolean encrypted) throws IOException {
      Connection one;
      Connection other;
      if (encrypted) {
        TlsPair pair = TlsPair.connect();
        one = pair.server();
        other = pair.client();
        one.in().deadline(Duration.ZERO);
        other.in().deadline(Duration.ZERO);
        sockets = pair::close;
      } else {
        Loopback pair = Loopback.pair();
        one = pair.connection();
        other = pair.otherConnection();
        one.in().deadline(Duration.ZERO);
        other.in().deadline(Duration.ZERO);
        sockets = pair::close;
      }
      server = new Tunnel(one, Side.SERVER, watch);
      client = new Tunnel(other, Side.CLIENT, watch);
      serving = new FutureTask<>(this::serve);
      thread = Thread.ofVirtual().name("test client end").start(serving);
    }

    private Void serve() throws Exception {
      FrameType next = client.receive();
      while (next == FrameType.OPEN) {
        client.begin(() -> {});
        next = serveOne();
      }
      throw new ProtocolException("a frame " + next + " on an idle tunnel");
    }

    private FrameType serveOne() throws Exception {
      Connection backend;
      try {
        backend = backends.take().call();
      } catch (IOException refused) {
        client.refuse(refused.getMessage());
        return discard();
      }
      try (backend) {
        client.send(FrameType.OPENED);
        AtomicBoolean finished = new AtomicBoolean();
        Opening opening =
            new Opening(client, backend, n -> {}, n -> {}, () -> finish(backend, finished));
        FrameType[] next = new FrameType[1];
        Relay.run(
            "test backend",
            opening::send,
            () -> next[0] = opening.receive(),
            () -> {
              backend.abort();
              client.abort();
            });
        assertTrue(finished.get());
        return next[0];
      }
    }

    private void finish(Connection backend, AtomicBoolean finished) {
      if (client.state().over() && finished.compareAndSet(false, true)) {
        backend.close();
        try {
          client.send(FrameType.DONE);
        } catch (IOException broken) {
          client.abort();
        }
      }
    }

    private FrameType discard() throws IOException {
      FrameType type = client.receive();
      while (type == FrameType.DATA) {
        type = client.receive();
      }
      assertTrue(type == FrameType.RESET || type == FrameType.FIN);
      client.send(FrameType.DONE);
      return client.receive();
    }

    /** Opens for a user; false when it was refused, and the tunnel is idle again then. */
    boolean open(byte[] first, Callable<Connection> backend) throws Exception {
      server.begin(() -> {});
      server.open(
          new OpenFrame(server.state().number() + 1, 0, "user", "address"), first, first.length);
      assertTrue(backends.offer(backend, 10, TimeUnit.SECONDS), "the client's end is not there");
      switch (server.receive()) {
        case OPENED -> {
          return true;
        }
        case REFUSED -> {
          server.reset("refused");
          assertEquals(FrameType.DONE, server.receive());
          return false;
        }
        default -> throw new AssertionError();
      }
    }

    /** Relays an opened tunnel to the end of the opening. */
    Opening relay(Connection user) throws Exception {
      Opening opening = new Opening(server, user, n -> {}, n -> {}, () -> {});
      relay(opening, user);
      return opening;
    }

    void relay(Opening opening, Connection user) throws Exception {
      Relay.run(
          "test user",
          opening::send,
          () -> assertEquals(FrameType.DONE, opening.receive()),
          () -> {
            user.abort();
            server.abort();
          });
      user.close();
    }

    private boolean joined() {
      try {
        return thread.join(Duration.ofSeconds(20));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    void assertIdle(int openings) {
      assertTrue(server.state().idle());
      Awaitility.await().atMost(5, TimeUnit.SECONDS).until(() -> client.state().idle());
      assertEquals(openings, server.state().number());
      assertEquals(openings, client.state().number());
    }

    @Override
    public void close() throws IOException {
      thread.interrupt();
      server.close();
      client.close();
      sockets.close();
      assertTrue(joined());
      watch.close();
    }
  }

  private static <T> Future<T> start(Callable<T> body) {
    FutureTask<T> task = new FutureTask<>(body);
    Thread.ofVirtual().name("test peer").start(task);
    return task;
  }

  /** A user or backend that does what its plan says, and checks what it is told. */
  private static Got play(Socket socket, Plan plan, int opening, boolean user, int skipped)
      throws Exception {
    AtomicBoolean broken = new AtomicBoolean();
    Future<Void> writing =
        start(() -> {
          try {
            byte[] all = new byte[plan.bytes()];
            for (int i = 0; i < all.length; i++) {
              all[i] = content(opening, user, i);
            }
            OutputStream out = socket.getOutputStream();
            for (int at = skipped; at < all.length; at += 20_000) {
              out.write(all, at, Math.min(20_000, all.length - at));
            }
            if (plan.leaves() == Leaves.CLEANLY) {
              socket.shutdownOutput();
            } else if (plan.leaves() == Leaves.BY_RESET) {
              broken.set(true);
              Sockets.abort(socket);
            }
          } catch (SocketException brokenOff) {
            broken.set(true); // of a write and a read the kernel tells one alone
          }
          return null;
        });
    Got got = read(socket, plan, opening, !user);
    writing.get();
    socket.close();
    return broken.get() ? new Got(got.bytes(), false) : got;
  }

  private static Got read(Socket socket, Plan plan, int opening, boolean user) throws IOException {
    byte[] buffer = new byte[30_000];
    long total = 0;
    try {
      InputStream in = socket.getInputStream();
      while (true) {
        int count = in.read(buffer);
        for (int i = 0; i < count; i++) {
          if (buffer[i] != content(opening, user, total + i)) {
            fail("byte " + (total + i) + " of opening " + opening + " is not its own");
          }
        }
        if (plan.leaves() == Leaves.BY_RESET_WHEN_SPOKEN_TO) {
          Sockets.abort(socket);
          return new Got(total + Math.max(0, count), false);
        }
        if (count < 0) {
          return new Got(total, true);
        }
        total += count;
      }
    } catch (SocketTimeoutException stuck) {
      throw stuck;
    } catch (SocketException reset) {
      return new Got(total, false);
    }
  }

  private static Plan plan(Random random) {
    int bytes =
        switch (random.nextInt(4)) {
          case 0 -> 0;
          case 1 -> random.nextInt(3000);
          case 2 -> random.nextInt(70_000);
          default -> random.nextInt(300_000);
        };
    return new Plan(
        bytes, random.nextInt(3) > 0 ? Leaves.CLEANLY : Leaves.values()[random.nextInt(3)]);
  }

  /** Users of all kinds, one after another, over one tunnel. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void usersFollowEachOtherAndNoByteCrosses(boolean encrypted) throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    Random random = new Random(seed);
    try (Ends ends = new Ends(encrypted)) {
      for (int number = 1; number <= 400; number++) {
        Plan user = plan(random);
        Plan backend = random.nextInt(10) == 0 ? null : plan(random);
        if (backend != null && user.leaves() == Leaves.BY_RESET_WHEN_SPOKEN_TO) {
          backend = new Plan(backend.bytes(), Leaves.CLEANLY); // or each might wait for the other
        }
        String what = "seed " + seed + ", opening " + number + ": " + user + ", " + backend;
        try {
          one(ends, number, user, backend, random.nextInt(2000));
        } catch (Exception | AssertionError e) {
          throw new AssertionError(what, e);
        }
      }
      ends.assertIdle(400);
    }
  }

  private static void one(Ends ends, int number, Plan user, Plan backend, int first)
      throws Exception {
    byte[] early = new byte[Math.min(first, user.bytes())];
    for (int i = 0; i < early.length; i++) {
      early[i] = content(number, true, i);
    }
    if (backend == null) {
      assertFalse(
          ends.open(
              early,
              () -> {
                throw new IOException("refused");
              }));
      assertEquals("refused", ends.server.reason());
      return;
    }
    try (Loopback users = Loopback.pair();
        Loopback backends = Loopback.pair()) {
      Future<Got> atUser = start(() -> play(users.other(), user, number, true, early.length));
      Future<Got> atBackend = start(() -> play(backends.other(), backend, number, false, 0));
      assertTrue(ends.open(early, backends::connection));
      ends.relay(users.connection());
      check(atUser.get(), user, backend, "user");
      check(atBackend.get(), backend, user, "backend");
    }
  }

  private static void check(Got got, Plan own, Plan other, String who) {
    if (own.leaves() == Leaves.CLEANLY) {
      // a clean end is seen when, and only when, the other side left so
      assertEquals(other.leaves() == Leaves.CLEANLY, got.end(), who);
      if (got.end()) {
        assertEquals(other.bytes(), got.bytes(), who);
      }
    }
    assertTrue(got.bytes() <= other.bytes(), who);
  }

  /**
   * The user says much and takes nothing, then breaks off: a reader that waited for its writer
   * would hang.
   */
  @Test
  void breakWithAFullPipeGivesTheTunnelBack() throws Exception {
    try (Ends ends = new Ends(false);
        Loopback users = Loopback.pair();
        Loopback backends = Loopback.pair()) {
      CountDownLatch full = new CountDownLatch(1);
      flood(backends.other(), full);
      Future<Void> swallowed = start(() -> swallow(backends.other()));
      assertTrue(ends.open(NOTHING, backends::connection));
      Future<Opening> relaying = start(() -> ends.relay(users.connection()));
      flood(users.other(), new CountDownLatch(1));
      assertTrue(full.await(20, TimeUnit.SECONDS));
      Sockets.abort(users.other());
      assertEquals(Opening.End.RESET, relaying.get(10, TimeUnit.SECONDS).first());
      ends.assertIdle(1);
      swallowed.get();
    }
  }

  /** Neither side takes anything: no RESET gets through, so the tunnel is broken, and that soon. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void breakWithBothPipesFullBreaksTheTunnel(boolean userBreaks) throws Exception {
    try (Ends ends = new Ends(false);
        Loopback users = Loopback.pair();
        Loopback backends = Loopback.pair()) {
      CountDownLatch full = new CountDownLatch(2);
      flood(users.other(), full);
      flood(backends.other(), full);
      assertTrue(ends.open(NOTHING, backends::connection));
      Future<Opening> relaying = start(() -> ends.relay(users.connection()));
      assertTrue(full.await(20, TimeUnit.SECONDS));
      Sockets.abort((userBreaks ? users : backends).other());
      assertThrows(ExecutionException.class, () -> relaying.get(10, TimeUnit.SECONDS));
      swallow((userBreaks ? backends : users).other());
    }
  }

  /**
   * Reads to the end, which is no clean one; that it is none is seen by whichever of reading and
   * writing gets there first.
   */
  private static Void swallow(Socket socket) throws IOException {
    try {
      socket.getInputStream().transferTo(OutputStream.nullOutputStream());
      assertThrows(SocketException.class, () -> socket.getOutputStream().write(new byte[1 << 20]));
    } catch (SocketException reset) {
      // as it should be
    }
    return null;
  }

  /**
   * Writes without end; counts down once more was written than any pipe holds without being read,
   * or writing hung for a while.
   */
  private static void flood(Socket socket, CountDownLatch full) {
    AtomicBoolean over = new AtomicBoolean();
    long[] written = new long[1];
    Object lock = new Object();
    Thread.ofVirtual()
        .name("test flood")
        .start(() -> {
          try {
            byte[] piece = new byte[64 * 1024];
            while (true) {
              socket.getOutputStream().write(piece);
              synchronized (lock) {
                written[0] += piece.length;
              }
            }
          } catch (IOException broken) {
            over.set(true);
          }
        });
    long[] before = {-1};
    Thread.ofVirtual()
        .name("test flood watch")
        .start(() -> {
          Awaitility.await()
              .pollInterval(Duration.ofMillis(300))
              .atMost(Duration.ofSeconds(15))
              .until(() -> {
                synchronized (lock) {
                  boolean stuck = before[0] == written[0] && written[0] > 0;
                  before[0] = written[0];
                  return stuck || over.get();
                }
              });
          full.countDown();
        });
  }

  @Test
  void tunnelThatBreaksResetsBothSides() throws Exception {
    try (Ends ends = new Ends(false);
        Loopback users = Loopback.pair();
        Loopback backends = Loopback.pair()) {
      assertTrue(ends.open(NOTHING, backends::connection));
      Future<Opening> relaying = start(() -> ends.relay(users.connection()));
      users.other().getOutputStream().write(1);
      assertEquals(1, backends.other().getInputStream().read());
      ends.client.abort();
      assertThrows(SocketException.class, () -> users.other().getInputStream().read());
      assertThrows(SocketException.class, () -> backends.other().getInputStream().read());
      assertThrows(Exception.class, relaying::get);
      assertThrows(Exception.class, ends.serving::get);
    }
  }

  @Test
  void tunnelThatEndsCleanlyWithinAnOpeningStillResetsTheUser() throws Exception {
    try (Ends ends = new Ends(false);
        Loopback users = Loopback.pair();
        Loopback backends = Loopback.pair()) {
      assertTrue(ends.open(NOTHING, backends::connection));
      Future<Opening> relaying = start(() -> ends.relay(users.connection()));
      ends.client.close();
      assertThrows(SocketException.class, () -> users.other().getInputStream().read());
      assertThrows(Exception.class, relaying::get);
    }
  }

  @Test
  void halfCloseIsPassedOnAlone() throws Exception {
    try (Ends ends = new Ends(false);
        Loopback users = Loopback.pair();
        Loopback backends = Loopback.pair()) {
      assertTrue(ends.open(NOTHING, backends::connection));
      Future<Opening> relaying = start(() -> ends.relay(users.connection()));
      backends.other().shutdownOutput();
      assertEquals(-1, users.other().getInputStream().read());
      Awaitility.await().until(() -> ends.server.state().halfClosed());
      users.other().getOutputStream().write(7);
      assertEquals(7, backends.other().getInputStream().read());
      users.other().shutdownOutput();
      assertEquals(-1, backends.other().getInputStream().read());
      assertEquals(Opening.End.REMOTE, relaying.get().first());
      ends.assertIdle(1);
    }
  }

  @Test
  void openingEndedByTheServerResetsBothSidesAndGivesTheTunnelBack() throws Exception {
    try (Ends ends = new Ends(false);
        Loopback users = Loopback.pair();
        Loopback backends = Loopback.pair()) {
      assertTrue(ends.open(NOTHING, backends::connection));
      Connection user = users.connection();
      Opening opening = new Opening(ends.server, user, n -> {}, n -> {}, () -> {});
      Future<Void> relaying =
          start(() -> {
            ends.relay(opening, user);
            return null;
          });
      opening.end("ended by the server");
      relaying.get();
      assertThrows(SocketException.class, () -> users.other().getInputStream().read());
      assertThrows(SocketException.class, () -> backends.other().getInputStream().read());
      ends.assertIdle(1);
    }
  }

  /**
   * Somebody who ends a user holds an opening that may be over: the next user on the same tunnel is
   * another one.
   */
  @Test
  void openingEndedLateDoesNotEndTheNext() throws Exception {
    try (Ends ends = new Ends(false)) {
      Opening former;
      try (Loopback users = Loopback.pair();
          Loopback backends = Loopback.pair()) {
        users.other().shutdownOutput();
        backends.other().shutdownOutput();
        assertTrue(ends.open(NOTHING, backends::connection));
        former = ends.relay(users.connection());
      }
      try (Loopback users = Loopback.pair();
          Loopback backends = Loopback.pair()) {
        assertTrue(ends.open(NOTHING, backends::connection));
        Future<Opening> relaying = start(() -> ends.relay(users.connection()));
        former.end("too late");
        for (int i = 0; i < 100; i++) {
          users.other().getOutputStream().write(i);
          assertEquals(i, backends.other().getInputStream().read());
        }
        users.other().shutdownOutput();
        assertEquals(-1, backends.other().getInputStream().read());
        backends.other().shutdownOutput();
        assertEquals(Opening.End.LOCAL, relaying.get().first());
      }
      ends.assertIdle(2);
    }
  }

  @Test
  void firstBytesOf64KiBGoWithTheOpening() throws Exception {
    try (Ends ends = new Ends(false);
        Loopback users = Loopback.pair();
        Loopback backends = Loopback.pair()) {
      byte[] first = new byte[64 * 1024];
      new Random(1).nextBytes(first);
      assertTrue(ends.open(first, backends::connection));
      assertEquals(
          -1,
          java.util.Arrays.mismatch(
              first, backends.other().getInputStream().readNBytes(first.length)));
      Future<Opening> relaying = start(() -> ends.relay(users.connection()));
      users.other().shutdownOutput();
      backends.other().shutdownOutput();
      relaying.get();
    }
  }

  @Test
  void idleTunnelAnswersItsServerAsOftenAsItAsks() throws Exception {
    try (Ends ends = new Ends(true)) {
      for (int i = 0; i < 50; i++) {
        ends.server.check(Duration.ofSeconds(10));
      }
      ends.assertIdle(0);
    }
  }

  @Test
  void checkOfATunnelWithNobodyThereFails() throws Exception {
    try (Watch watch = new Watch();
        Loopback pair = Loopback.pair();
        Tunnel server = new Tunnel(pair.connection(), Side.SERVER, watch)) {
      assertThrows(SocketTimeoutException.class, () -> server.check(Duration.ofMillis(50)));
      Sockets.close(pair.other());
      assertThrows(IOException.class, () -> server.check(Duration.ofSeconds(5)));
    }
  }

  @Test
  void anyOtherFrameInAnswerToACheckIsABreach() throws Exception {
    try (Watch watch = new Watch();
        Loopback pair = Loopback.pair();
        Tunnel server = new Tunnel(pair.connection(), Side.SERVER, watch)) {
      pair.other().getOutputStream().write(new byte[] {4, 0, 0, 1, 65});
      assertThrows(ProtocolException.class, () -> server.check(Duration.ofSeconds(5)));
    }
  }

  @Test
  void framesOfAnotherOpeningReachNobody() throws Exception {
    List<byte[]> breaches = new ArrayList<>();
    breaches.add(new byte[] {4, 0, 0, 1, 65}); // DATA before OPENED
    breaches.add(new byte[] {2, 0, 0, 4, 0, 0, 0, 2}); // OPENED 2
    breaches.add(new byte[] {7, 0, 0, 4, 0, 0, 0, 1}); // DONE 1
    breaches.add(new byte[] {5, 0, 0, 0}); // FIN
    for (byte[] breach : breaches) {
      try (Watch watch = new Watch();
          Loopback pair = Loopback.pair();
          Tunnel server = new Tunnel(pair.connection(), Side.SERVER, watch)) {
        server.begin(() -> {});
        server.open(new OpenFrame(1, 0, "u", "a"), NOTHING, 0);
        pair.other().getOutputStream().write(breach);
        assertThrows(ProtocolException.class, server::receive);
      }
    }
  }

  @Test
  void endOfAnIdleTunnelIsAnEndAndNoBreach() throws Exception {
    try (Watch watch = new Watch();
        Loopback pair = Loopback.pair();
        Tunnel client = new Tunnel(pair.connection(), Side.CLIENT, watch)) {
      pair.other().shutdownOutput();
      assertThrows(EOFException.class, client::receive);
      assertTrue(client.state().idle());
      assertDoesNotThrow(client::abort);
      assertDoesNotThrow(client::abort);
    }
  }

  @Test
  void brokenTunnelIsNotWrittenTo() throws Exception {
    try (Watch watch = new Watch();
        Loopback pair = Loopback.pair();
        Tunnel server = new Tunnel(new PlainConnection(pair.one()), Side.SERVER, watch)) {
      server.abort();
      assertThrows(IOException.class, () -> server.open(new OpenFrame(1, 0, "u", "a"), NOTHING, 0));
    }
  }
}
