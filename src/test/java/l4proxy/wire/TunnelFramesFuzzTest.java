package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import l4proxy.InMemory;
import l4proxy.net.Watch;
import l4proxy.wire.TunnelState.Side;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/**
 * Whatever arrives in a tunnel: bytes of a user's come out exactly where a plain reading of the
 * rules allows, at either end, and everything else is a breach.
 */
final class TunnelFramesFuzzTest {
  private static Watch watch;

  @BeforeAll
  static void start() {
    watch = new Watch();
  }

  @AfterAll
  static void stop() {
    watch.close();
  }

  /** The first byte says in which pieces the others arrive. */
  @FuzzTest(maxDuration = "10m")
  void bytes(byte[] data) throws Exception {
    if (data.length > 0) {
      int piece = data[0] == 0 ? data.length : data[0] & 0xff;
      byte[] said = java.util.Arrays.copyOfRange(data, 1, data.length);
      atServer(said, piece);
      atClient(said, piece);
    }
  }

  /** One opening is on; what comes ends it, if it is honest. */
  private static void atServer(byte[] said, int piece) throws Exception {
    InMemory connection = new InMemory(said, piece);
    try (Tunnel tunnel = new Tunnel(connection, Side.SERVER, watch)) {
      tunnel.begin(() -> {});
      tunnel.open(new OpenFrame(1, 0, "u", "a"), new byte[0], 0);
      ByteArrayOutputStream users = new ByteArrayOutputStream();
      boolean flowing = false;
      try {
        while (!tunnel.state().idle()) {
          switch (tunnel.receive()) {
            case OPENED -> {
              assertEquals(1, tunnel.state().number());
              flowing = true;
            }
            case DATA -> {
              assertTrue(flowing, "DATA out of place");
              payload(tunnel, users);
            }
            case FIN, RESET -> {
              flowing = false;
              tunnel.send(FrameType.FIN);
            }
            case REFUSED -> tunnel.send(FrameType.FIN);
            case DONE -> assertTrue(tunnel.state().idle() && !flowing, "DONE out of place");
            default -> throw new AssertionError("a frame that only servers send");
          }
        }
      } catch (IOException breachOrEnd) {
        // all that a tunnel may throw
      }
      assertEquals(Plain.users(said, users.size()), users.toString("ISO-8859-1"));
      assertTrue(tunnel.reason().length() <= 1024);
      assertTrue(tunnel.reason().chars().noneMatch(Character::isISOControl));
    }
  }

  /** Openings come as the other side likes; each backend is connected and says nothing. */
  private static void atClient(byte[] said, int piece) {
    InMemory connection = new InMemory(said, piece);
    try (Tunnel tunnel = new Tunnel(connection, Side.CLIENT, watch)) {
      ByteArrayOutputStream backend = new ByteArrayOutputStream();
      int opened = 0;
      while (true) {
        switch (tunnel.receive()) {
          case OPEN -> {
            assertTrue(tunnel.opening().number() > opened, "an opening's number came again");
            opened = tunnel.opening().number();
            assertTrue(tunnel.send(FrameType.OPENED));
            backend.reset();
          }
          case DATA -> {
            assertTrue(opened > 0, "DATA before any OPEN");
            payload(tunnel, backend);
          }
          case FIN, RESET -> {
            assertEquals(opened, tunnel.state().number());
            tunnel.send(FrameType.FIN);
            assertTrue(tunnel.send(FrameType.DONE));
          }
          default -> throw new AssertionError("a frame that only clients send");
        }
      }
    } catch (IOException breachOrEnd) {
      // all that a tunnel may throw
    }
  }

  private static void payload(Tunnel tunnel, ByteArrayOutputStream to) throws IOException {
    int total = 0;
    for (int count = tunnel.piece(); count > 0; count = tunnel.piece()) {
      to.write(tunnel.buffer(), tunnel.position(), count);
      tunnel.consume(count);
      total += count;
    }
    assertTrue(total > 0 && total <= 64 * 1024, "a DATA frame of " + total);
  }

  /**
   * Reads the bytes by hand: the payloads of DATA behind the first OPENED, up to what was given.
   */
  private static final class Plain {
    static String users(byte[] said, int most) {
      StringBuilder users = new StringBuilder();
      boolean opened = false;
      for (int at = 0; at + 4 <= said.length && users.length() < most; ) {
        int type = said[at];
        int length = (said[at + 1] & 0xff) << 16 | (said[at + 2] & 0xff) << 8 | said[at + 3] & 0xff;
        opened |= type == 2;
        for (int i = 0; type == 4 && opened && i < length && users.length() < most; i++) {
          users.append((char) (said[at + 4 + i] & 0xff));
        }
        at += 4 + length;
      }
      return users.toString();
    }
  }
}
