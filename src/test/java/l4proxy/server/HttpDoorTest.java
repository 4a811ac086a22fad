package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import l4proxy.InMemory;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.Keys;
import l4proxy.auth.Pin;
import l4proxy.auth.StateDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpDoorTest {
  private static final int HEADS = 10;

  @TempDir Path directory;

  @Test
  void keyOrSessionThatCountsIsProofAndNothingElse() throws Exception {
    try (StateDirectory state = StateDirectory.open(directory)) {
      Keys keys = Keys.open(state, new Pin("A".repeat(43)));
      BrowserSessions browsers = new BrowserSessions(keys);
      HttpDoor door = new HttpDoor(new InetSocketAddress(0), keys, browsers, mock());
      String token =
          browsers
              .begin(browsers.code(keys.named("default").orElseThrow()).orElseThrow(), "http://x")
              .orElseThrow()
              .token();
      String key = keys.created().orElseThrow().defaultKey().text();

      assertTrue(proven(door, "Authorization: Bearer " + key));
      assertTrue(proven(door, "Cookie: a=b; l4proxy_2223=" + token));
      assertTrue(proven(door, "cookie:l4proxy_2223=" + token));
      assertFalse(proven(door, "Cookie: l4proxy_2223=" + "A".repeat(22)));
      assertFalse(proven(door, "X-Cookie: l4proxy_2223=" + token));
      assertFalse(proven(door, "Accept: */*"));
      keys.revoke("default");
      assertFalse(proven(door, "Authorization: Bearer " + key));
      assertFalse(proven(door, "Cookie: l4proxy_2223=" + token));
    }
  }

  /**
   * What a stranger may cost: the longest heads there may be, of what patterns may stumble over.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Cookie: a %s b",
        "Cookie:%s",
        "Cookie: l4proxy_1=%s",
        "Authorization: Bearer %s x",
        "Authorization:%s",
        "X: %s"
      })
  void longestHeadIsLookedAtQuickly(String line) throws Exception {
    try (StateDirectory state = StateDirectory.open(directory)) {
      Keys keys = Keys.open(state, new Pin("A".repeat(43)));
      HttpDoor door =
          new HttpDoor(new InetSocketAddress(0), keys, new BrowserSessions(keys), mock());
      for (String piece : new String[] {" ", "\t", "a ", "l4p1_", "; ", ";l4proxy_1=", "A"}) {
        String header = line.formatted(piece.repeat(16_000 / piece.length()));
        long began = System.nanoTime();
        for (int i = 0; i < HEADS; i++) {
          assertFalse(proven(door, header));
        }
        long took = (System.nanoTime() - began) / 1_000_000;
        assertTrue(took < HEADS * 50, line + " of '" + piece + "': " + took + " ms");
      }
    }
  }

  private static boolean proven(HttpDoor door, String header) throws Exception {
    String head = "GET /v1/clients HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n";
    InMemory stranger = new InMemory(head.getBytes(StandardCharsets.ISO_8859_1), 4096);
    return door.key(door.first(stranger)).isPresent();
  }
}
