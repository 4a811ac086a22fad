package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import l4proxy.InMemory;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.Keys;
import l4proxy.auth.Pin;
import l4proxy.auth.StateDirectory;
import l4proxy.http.OriginRequest;
import l4proxy.http.Rejection;
import l4proxy.wire.ProtocolException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a stranger sends to the API proves no key, and is bounded. */
final class ApiHeadsFuzzTest {
  private static final int LONGEST = 16 * 1024;

  @TempDir private static Path directory;
  private static StateDirectory state;
  private static HttpDoor door;

  @BeforeAll
  static void open() throws Exception {
    state = StateDirectory.open(directory);
    Keys keys = Keys.open(state, new Pin("A".repeat(43)));
    door = new HttpDoor(new InetSocketAddress(0), keys, new BrowserSessions(keys), mock());
  }

  @AfterAll
  static void close() {
    state.close();
  }

  @FuzzTest(maxDuration = "10m")
  void bytes(byte[] data) throws Exception {
    InMemory stranger = new InMemory(data, 4096);
    try {
      OriginRequest request = door.first(stranger);
      assertTrue(stranger.taken() <= LONGEST, "a head of " + stranger.taken());
      assertTrue(door.key(request).isEmpty(), "a key that nobody has");
      String passed = new String(request.head(true), StandardCharsets.ISO_8859_1);
      if (passed.length() <= LONGEST) { // what is added may make it longer than strangers' may be
        InMemory again = new InMemory(request.head(true), 4096);
        assertEquals(passed, new String(door.first(again).head(true), StandardCharsets.ISO_8859_1));
      }
    } catch (Rejection no) {
      String said = new String(stranger.written(), StandardCharsets.ISO_8859_1);
      assertTrue(said.startsWith("HTTP/1.1 ") && said.contains("problem+json"), said);
    } catch (ProtocolException nothing) {
      assertEquals(0, data.length);
    }
  }
}
