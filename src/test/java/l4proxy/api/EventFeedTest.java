package l4proxy.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import l4proxy.LeakCheck;
import l4proxy.auth.BrowserSessions;
import l4proxy.auth.Grant;
import l4proxy.auth.JoinKey;
import l4proxy.auth.Key;
import l4proxy.auth.Keys;
import l4proxy.auth.Pin;
import l4proxy.auth.StateDirectory;
import l4proxy.events.Counters;
import l4proxy.events.Event;
import l4proxy.server.ProxyServer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The stream of events as it comes out of a real socket. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
final class EventFeedTest {
  @TempDir private Path directory;
  private final EventFeed feed = new EventFeed();
  private final Contract contract = Contract.ofProgram();
  private final List<Listening> all = new ArrayList<>();
  private StateDirectory state;
  private Keys keys;
  private BrowserSessions browsers;
  private ApiServer api;
  private String admin;
  private String joiner;

  @BeforeEach
  void open() throws Exception {
    state = StateDirectory.open(directory);
    keys = Keys.open(state, new Pin("A".repeat(43)));
    admin = keys.created().orElseThrow().adminKey().text();
    joiner = keys.created().orElseThrow().defaultKey().text();
    ProxyServer proxy = mock(ProxyServer.class);
    when(proxy.keys()).thenReturn(keys);
    browsers = new BrowserSessions(keys);
    when(proxy.browsers()).thenReturn(browsers);
    when(proxy.version()).thenReturn("test");
    api = new ApiServer(proxy, new Counters(), feed);
  }

  @AfterEach
  void close() throws IOException {
    for (Listening each : all) {
      each.socket.close();
    }
    api.close();
    state.close();
  }

  /** Somebody who asked for events, and has read the answer's head. */
  private final class Listening {
    private final Socket socket;
    private final BufferedReader in;
    private final String status;

    Listening(String method, String proof, int buffer) throws IOException {
      socket = new Socket();
      if (buffer > 0) {
        socket.setReceiveBufferSize(buffer);
      }
      socket.setSoTimeout(20_000);
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), api.address().getPort()));
      all.add(this);
      // HTTP/1.0: the body is as it is, without the lengths of chunks
      String request =
          method + " /v1/events HTTP/1.0\r\nHost: " + host() + "\r\n" + proof + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8), 64);
      status = in.readLine();
      String line = status;
      while (!line.isEmpty()) {
        line = in.readLine();
      }
    }

    Listening(String key) throws IOException {
      this("GET", bearer(key), 0);
      hears();
    }

    private void hears() throws IOException {
      assertTrue(status.contains(" 200 "), status);
      assertEquals(":", in.readLine());
      assertEquals("", in.readLine());
    }

    /** The type of the next event; its data fits the description. */
    String next() throws IOException {
      String type = in.readLine();
      String data = in.readLine();
      assertTrue(type.startsWith("event: ") && data.startsWith("data: "), type + " " + data);
      contract.validate(JsonParser.parseString(data.substring(6)), contract.schema("Event"), data);
      assertEquals("", in.readLine());
      return type.substring(7) + data.substring(6);
    }

    /** Reads until the server has no more to say. */
    void awaitEnd() throws IOException {
      try {
        while (in.readLine() != null) {
          // what was on its way
        }
      } catch (java.net.SocketException reset) {
        // as good an end
      }
    }
  }

  private static String bearer(String key) {
    return "Authorization: Bearer " + key;
  }

  private String host() {
    return "127.0.0.1:" + api.address().getPort();
  }

  private static Event exposed(String name, String key) {
    return new Event.ServiceExposed(name, key, "192.0.2.1:1", "192.0.2.2:2200");
  }

  @Test
  void adminHearsAllAndAnotherKeyWhatConcernsItsOwn() throws IOException {
    Listening all = new Listening(admin);
    Listening own = new Listening(joiner);
    feed.happened(exposed("c1", "other"));
    feed.happened(new Event.Noted("to nobody's clients"));
    feed.happened(exposed("c2", "default"));
    assertTrue(all.next().startsWith("serviceExposed{"));
    assertTrue(all.next().contains("to nobody's clients"));
    assertTrue(all.next().contains("\"client\":\"c2\""));
    String first = own.next();
    assertTrue(first.contains("\"client\":\"c2\""), first);
    feed.happened(
        new Event.UserEnded(
            1,
            "192.0.2.3:1",
            new Event.ServedBy("web", "c2", "192.0.2.1:1", "default"),
            l4proxy.events.EndedBy.USER,
            1,
            2,
            java.time.Duration.ZERO,
            Optional.empty(),
            0));
    assertTrue(own.next().startsWith("userEnded{"));
  }

  @Test
  void whoDoesNotKeepUpIsLetGoAndTheOthersAreNot() throws IOException {
    Listening slow = new Listening("GET", bearer(admin), 4096);
    Listening quick = new Listening(admin);
    long began = System.nanoTime();
    String much = "x".repeat(1000);
    for (int i = 0; feed.listeners() == 2; i++) {
      feed.happened(new Event.Noted(i + much));
      assertTrue(quick.next().contains("\"text\":\"" + i + "x"));
      assertTrue(System.nanoTime() - began < 50_000_000_000L, "the slow one is still there");
    }
    assertEquals(1, feed.listeners());
    slow.awaitEnd();
    feed.happened(new Event.Noted("and on"));
    assertTrue(quick.next().contains("and on"));
  }

  @Test
  void listenersAreBounded() throws Exception {
    for (int i = 0; i < EventFeed.MOST_OF_KEY; i++) {
      new Listening(joiner);
    }
    assertTrue(new Listening("GET", bearer(joiner), 0).status.contains(" 503 "));
    new Listening(admin);
    all.getFirst().socket.close();
    Awaitility.await()
        .until(() -> {
          feed.happened(exposed("c1", "default")); // which finds out who is gone
          return feed.listeners() == EventFeed.MOST_OF_KEY;
        });
    new Listening(joiner);
  }

  /** As many as may listen with such keys, each with as many as it may. */
  private void crowd(Grant grant, String name) throws Exception {
    for (int i = 0; i < EventFeed.MOST_LISTENERS / EventFeed.MOST_OF_KEY; i++) {
      String key = keys.create(name + i, grant).joinKey().text();
      for (int j = 0; j < EventFeed.MOST_OF_KEY; j++) {
        new Listening(key);
      }
    }
  }

  @Test
  void otherKeysTakeNoPlaceFromAdmins() throws Exception {
    crowd(Grant.ALL, "k");
    Listening refused = new Listening("GET", bearer(joiner), 0);
    assertTrue(refused.status.contains(" 503 "), refused.status);
    crowd(Grant.ADMIN, "a");
    refused = new Listening("GET", bearer(admin), 0);
    assertTrue(refused.status.contains(" 503 "), refused.status);
  }

  @Test
  void keyThatIsRevokedHearsNoMore() throws Exception {
    Listening own = new Listening(joiner);
    Listening other = new Listening(admin);
    keys.revoke("default");
    own.awaitEnd();
    Awaitility.await().until(() -> feed.listeners() == 1);
    feed.happened(exposed("c1", "default"));
    assertTrue(other.next().contains("c1"));
  }

  @Test
  void whoseSessionIsOverHearsNoMore() throws Exception {
    Key key = keys.find(JoinKey.parse(admin).secret()).orElseThrow();
    String code = browsers.code(key).orElseThrow();
    String token = browsers.begin(code, "http://" + host()).orElseThrow().token();
    String cookie = "l4proxy_" + api.address().getPort() + "=" + token;
    Listening own = new Listening("GET", "Cookie: " + cookie, 0);
    own.hears();
    Listening other = new Listening(admin);
    feed.happened(exposed("c1", "default"));
    assertTrue(own.next().contains("c1"));
    assertTrue(other.next().contains("c1"));
    browsers.end(cookie);
    feed.happened(exposed("c2", "default"));
    assertTrue(other.next().contains("c2"));
    assertEquals(null, own.in.readLine());
    Awaitility.await().until(() -> feed.listeners() == 1);
  }

  @Test
  void headShowsNoEventsAndIsNoListener() throws IOException {
    Listening head = new Listening("HEAD", bearer(admin), 0);
    assertTrue(head.status.contains(" 200 "), head.status);
    head.awaitEnd();
    Awaitility.await().until(() -> feed.listeners() == 0);
  }

  @Test
  void closeEndsAllStreams() throws IOException {
    Listening own = new Listening(joiner);
    api.close();
    own.awaitEnd();
    assertEquals(0, feed.listeners());
    assertFalse(own.socket.isClosed());
  }
}
