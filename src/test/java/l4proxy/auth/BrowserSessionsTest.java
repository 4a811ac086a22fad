package l4proxy.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BrowserSessionsTest {
  private static final String ORIGIN = "http://127.0.0.1:2223";

  @TempDir Path directory;
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private StateDirectory state;
  private Keys keys;
  private Key key;
  private BrowserSessions browsers;

  @BeforeEach
  void open() throws Exception {
    state = StateDirectory.open(directory);
    keys = Keys.open(state, new Pin("A".repeat(43)));
    key = keys.named("default").orElseThrow();
    browsers = new BrowserSessions(keys, nanos::get);
  }

  @AfterEach
  void close() {
    state.close();
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  private String code(Key whose) {
    return browsers.code(whose).orElseThrow();
  }

  private String cookie() {
    return "l4proxy_2223=" + browsers.begin(code(key), ORIGIN).orElseThrow().token();
  }

  private boolean isGood(String cookies) {
    return browsers.find(cookies).isPresent();
  }

  @Test
  void codeBeginsOneSessionForItsKeyAndOrigin() {
    String code = code(key);
    BrowserSessions.Begun begun = browsers.begin(code, ORIGIN).orElseThrow();
    assertEquals(key, begun.key());
    assertNotEquals(code, begun.token());
    assertEquals(
        new BrowserSessions.Session(key, ORIGIN),
        browsers.find("l4proxy_2223=" + begun.token()).orElseThrow());
    assertTrue(browsers.begin(code, ORIGIN).isEmpty());
  }

  @Test
  void codeIsTooOldAfterAMinute() {
    String inTime = code(key);
    String late = code(key);
    pass(Duration.ofSeconds(60).minusNanos(1));
    assertTrue(browsers.begin(inTime, ORIGIN).isPresent());
    pass(Duration.ofNanos(1));
    assertTrue(browsers.begin(late, ORIGIN).isEmpty());
  }

  @Test
  void codesHave128BitsAndAreNeverTheSame() {
    String one = code(key);
    assertTrue(one.matches("[A-Za-z0-9_-]{22}"), one);
    assertNotEquals(one, code(key));
  }

  @Test
  void codesOfOneKeyAreBoundedUntilTheyAreUsedOrTooOld() {
    String first = code(key);
    for (int i = 1; i < BrowserSessions.MOST_CODES_OF_KEY; i++) {
      code(key);
    }
    assertTrue(browsers.code(key).isEmpty());
    code(keys.named("admin").orElseThrow());
    assertTrue(browsers.begin(first, ORIGIN).isPresent());
    code(key);
    assertTrue(browsers.code(key).isEmpty());
    pass(BrowserSessions.CODE_LIFE);
    code(key);
  }

  @Test
  void codesOfAllKeysAreBounded() throws Exception {
    for (int i = 0; i < BrowserSessions.MOST_CODES; i++) {
      String name = "key" + i / BrowserSessions.MOST_CODES_OF_KEY;
      if (keys.named(name).isEmpty()) {
        keys.create(name, Grant.ALL);
      }
      code(keys.named(name).orElseThrow());
    }
    assertTrue(browsers.code(key).isEmpty());
  }

  @Test
  void sessionIsOverAfterItsLife() {
    String cookie = cookie();
    pass(BrowserSessions.LIFE.minusNanos(1));
    assertTrue(isGood(cookie));
    pass(Duration.ofNanos(1));
    assertFalse(isGood(cookie));
  }

  @Test
  void oldestSessionOfAKeyEndsWhenThereAreTooMany() {
    List<String> all = new ArrayList<>();
    for (int i = 0; i <= BrowserSessions.MOST_SESSIONS_OF_KEY; i++) {
      all.add(cookie());
    }
    assertFalse(isGood(all.getFirst()));
    assertTrue(all.subList(1, all.size()).stream().allMatch(this::isGood));
  }

  @Test
  void revokedKeyEndsItsCodesAndSessions() throws Exception {
    String cookie = cookie();
    String code = code(key);
    keys.revoke("default");
    assertFalse(isGood(cookie));
    assertTrue(browsers.begin(code, ORIGIN).isEmpty());
  }

  @Test
  void sessionEndsByItsCookieAlone() {
    String one = cookie();
    String other = cookie();
    browsers.end(one);
    assertFalse(isGood(one));
    assertTrue(isGood(other));
  }

  @Test
  void cookieIsFoundAmongOthersAndNothingElseIsTakenForIt() {
    String cookie = cookie();
    String token = cookie.substring(cookie.indexOf('=') + 1);
    assertTrue(isGood("a=b; l4proxy_1=" + "x".repeat(22) + "; " + cookie + "; c=d"));
    assertFalse(isGood(""));
    assertFalse(isGood("other=" + token));
    assertFalse(isGood("xl4proxy_2223=" + token));
    assertFalse(isGood(cookie + "x"));
    assertFalse(isGood("l4proxy_2223=" + "A".repeat(22)));
  }
}
