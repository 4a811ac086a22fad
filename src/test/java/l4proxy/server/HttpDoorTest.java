package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.Keys;
import l4proxy.auth.Pin;
import l4proxy.auth.StateDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpDoorTest {
  @TempDir Path directory;

  @Test
  void keyOrSessionThatCountsIsProofAndNothingElse() throws Exception {
    try (StateDirectory state = StateDirectory.open(directory)) {
      Keys keys = Keys.open(state, new Pin("A".repeat(43)));
      BrowserSessions browsers = new BrowserSessions(keys);
      HttpDoor door = new HttpDoor(new InetSocketAddress(0), keys, browsers);
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

  private static boolean proven(HttpDoor door, String header) {
    String head = "GET /v1/clients HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n";
    return door.proven(head.getBytes(StandardCharsets.ISO_8859_1));
  }
}
