package l4proxy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import l4proxy.events.EndedBy;
import l4proxy.events.Event;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One user through server and client: what either side says and does arrives at the other, and
 * nothing else.
 */
@Timeout(60)
class RelayedUserTest {
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "0, false",
    "1, false",
    "16383, false",
    "16384, false",
    "16385, false",
    "65535, false",
    "65536, false",
    "65537, false",
    "104857600, false",
    "0, true",
    "1, true",
    "16383, true",
    "16384, true",
    "16385, true",
    "65535, true",
    "65536, true",
    "65537, true",
    "104857600, true"
  })
  void bytesAreExactBothWaysAtOnce(int size, boolean plain) throws Exception {
    CompletableFuture<Long> atBackend = new CompletableFuture<>();
    EchoBackend.Service service =
        socket -> {
          Thread writer =
              Thread.ofVirtual()
                  .start(() -> {
                    try {
                      Bytes.write(socket.getOutputStream(), 2, size);
                      socket.shutdownOutput();
                    } catch (IOException e) {
                      atBackend.completeExceptionally(e);
                    }
                  });
          try {
            atBackend.complete(Bytes.check(socket.getInputStream(), 1));
          } catch (IOException | AssertionError e) {
            atBackend.completeExceptionally(e);
          }
          writer.join();
        };
    try (EchoBackend backend = new EchoBackend(service);
        ProxyPair pair = new ProxyPair(directory, backend.address(), plain);
        Socket user = pair.user()) {
      CompletableFuture<Void> sent =
          CompletableFuture.runAsync(() -> {
            try {
              Bytes.write(user.getOutputStream(), 1, size);
              user.shutdownOutput();
            } catch (IOException e) {
              throw new IllegalStateException(e);
            }
          });
      assertEquals(size, Bytes.check(user.getInputStream(), 2));
      sent.get(20, TimeUnit.SECONDS);
      assertEquals(size, atBackend.get(20, TimeUnit.SECONDS));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void userEndsItsDirectionAndStillHearsTheBackend(boolean plain) throws Exception {
    EchoBackend.Service service =
        socket -> {
          byte[] asked =
              socket.getInputStream().readAllBytes(); // to the end of the user's direction
          socket.getOutputStream().write("you said ".getBytes(StandardCharsets.US_ASCII));
          Bytes.write(socket.getOutputStream(), 3, 1_000_000);
          socket.getOutputStream().write(asked);
        };
    try (EchoBackend backend = new EchoBackend(service);
        ProxyPair pair = new ProxyPair(directory, backend.address(), plain);
        Socket user = pair.user()) {
      user.getOutputStream().write('x');
      user.shutdownOutput();
      byte[] answer = user.getInputStream().readAllBytes();
      assertEquals(9 + 1_000_000 + 1, answer.length);
      assertEquals('x', answer[answer.length - 1]);
      awaitEnded(pair, EndedBy.USER);
    }
  }

  @Test
  void backendEndsItsDirectionAndStillHearsTheUser() throws Exception {
    CompletableFuture<byte[]> heard = new CompletableFuture<>();
    EchoBackend.Service service =
        socket -> {
          socket.getOutputStream().write('.');
          socket.shutdownOutput();
          heard.complete(socket.getInputStream().readAllBytes());
        };
    try (EchoBackend backend = new EchoBackend(service);
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Socket user = pair.user()) {
      assertEquals(1, user.getInputStream().readAllBytes().length); // to the end of the backend's
      byte[] said = Bytes.of(4, 1_000_000);
      user.getOutputStream().write(said);
      user.shutdownOutput();
      assertArrayEquals(said, heard.get(20, TimeUnit.SECONDS));
      awaitEnded(pair, EndedBy.BACKEND);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void resetOfTheUserReachesTheBackendAsReset(boolean plain) throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    EchoBackend.Service service =
        socket -> {
          socket.getOutputStream().write('.');
          try {
            seen.add("end " + socket.getInputStream().readAllBytes().length);
          } catch (SocketException e) {
            seen.add("reset");
          }
        };
    try (EchoBackend backend = new EchoBackend(service);
        ProxyPair pair = new ProxyPair(directory, backend.address(), plain)) {
      Socket user = pair.user();
      user.getOutputStream().write('x');
      assertEquals('.', user.getInputStream().read());
      user.setSoLinger(true, 0);
      user.close();
      assertEquals("reset", seen.poll(10, TimeUnit.SECONDS));
      awaitEnded(pair, EndedBy.RESET);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void resetOfTheBackendReachesTheUserAsReset(boolean plain) throws Exception {
    EchoBackend.Service service =
        socket -> {
          socket.getInputStream().read();
          socket.setSoLinger(true, 0);
        };
    try (EchoBackend backend = new EchoBackend(service);
        ProxyPair pair = new ProxyPair(directory, backend.address(), plain);
        Socket user = pair.user()) {
      user.getOutputStream().write('x');
      assertThrows(SocketException.class, () -> user.getInputStream().readAllBytes());
      awaitEnded(pair, EndedBy.RESET);
    }
  }

  @Test
  void resetAfterHalfCloseArrivesInEitherDirection() throws Exception {
    CountDownLatch ended = new CountDownLatch(1);
    EchoBackend.Service service =
        socket -> {
          socket.getInputStream().readAllBytes();
          ended.countDown();
          socket.setSoLinger(true, 0);
        };
    try (EchoBackend backend = new EchoBackend(service);
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Socket user = pair.user()) {
      user.shutdownOutput();
      ended.await();
      assertThrows(SocketException.class, () -> user.getInputStream().readAllBytes());
    }
  }

  @Test
  void userOfABackendThatIsDownIsResetAtOnce() throws Exception {
    EchoBackend gone = new EchoBackend();
    gone.close();
    try (ProxyPair pair = new ProxyPair(directory, gone.address());
        Socket user = pair.user()) {
      user.setSoTimeout(3000);
      assertThrows(SocketException.class, () -> user.getInputStream().readAllBytes());
      awaitEnded(pair, EndedBy.REFUSED);
      try (Socket next = pair.user()) { // and the refused tunnel serves again
        assertThrows(
            SocketException.class,
            () -> {
              next.getOutputStream().write(Bytes.of(5, 200_000));
              next.getInputStream().readAllBytes();
            });
      }
      List<String> warnings =
          pair.events().of(Event.Warned.class).stream().map(Event.Warned::text).toList();
      assertEquals(1, warnings.size(), warnings.toString()); // once, for both
      assertTrue(
          warnings
              .getFirst()
              .startsWith("the backend " + gone.address() + " of service echo cannot be connected"),
          warnings.toString());
    }
  }

  @Test
  void tunnelIsUsedAgainForTheNextUser() throws Exception {
    try (EchoBackend backend = new EchoBackend();
        ProxyPair pair = new ProxyPair(directory, backend.address())) {
      BlockingQueue<Integer> ports = new LinkedBlockingQueue<>();
      for (int i = 0; i < 200; i++) {
        try (Socket user = pair.user()) {
          byte[] said = Bytes.of(i, 100);
          user.getOutputStream().write(said);
          user.shutdownOutput();
          assertArrayEquals(said, user.getInputStream().readAllBytes());
          ports.add(user.getLocalPort());
        }
      }
      assertEquals(200, ports.size());
      Awaitility.await()
          .atMost(SOON)
          .until(() -> pair.events().of(Event.UserEnded.class).size() == 200);
      assertEquals(0, pair.events().of(Event.StrangerDropped.class).size());
      assertEquals(0, pair.server().view().clients().getFirst().users());
    }
  }

  @Test
  void userWhoHasNotSpokenGetsWhatTheBackendSaysFirst() throws Exception {
    EchoBackend.Service service =
        socket -> {
          socket.getOutputStream().write("SSH-2.0-test\r\n".getBytes(StandardCharsets.US_ASCII));
          socket.getInputStream().readAllBytes();
        };
    try (EchoBackend backend = new EchoBackend(service);
        ProxyPair pair = new ProxyPair(directory, backend.address());
        Socket user = pair.user()) {
      assertEquals(
          "SSH-2.0-test\r\n",
          new String(user.getInputStream().readNBytes(14), StandardCharsets.US_ASCII));
    }
  }

  private static void awaitEnded(ProxyPair pair, EndedBy reason) {
    assertEquals(reason, pair.events().first(Event.UserEnded.class).endedBy());
  }
}
