package l4proxy.auth;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a browser comes to act for a key without ever having it: whoever has the key asks for a code,
 * the browser exchanges the code for a cookie, once. Both are 128 random bits, kept in memory as
 * digests only, and bounded in number and life; both end with their key.
 *
 * <p>A session remembers the origin of the page that began it; whether a request comes from there
 * is for the caller to check. Any thread may call it.
 */
public final class BrowserSessions {
  /** How long a code may wait to be exchanged. */
  public static final Duration CODE_LIFE = Duration.ofSeconds(60);

  /** How long a session lasts. */
  public static final Duration LIFE = Duration.ofHours(12);

  static final int MOST_CODES = 256;
  static final int MOST_CODES_OF_KEY = 8;
  static final int MOST_SESSIONS = 1024;
  static final int MOST_SESSIONS_OF_KEY = 16;

  /** Cookies know no ports, so that the name has to tell the servers of one machine apart. */
  private static final Pattern COOKIE =
      Pattern.compile("(?:^|[; ])l4proxy_[0-9]{1,5}=([A-Za-z0-9_-]{22})(?=$|[; ])");

  private static final int BYTES = 16;

  /**
   * What a browser may do.
   *
   * @param key that it acts for
   * @param origin of the page that began it, scheme and authority, as browsers send it
   */
  public record Session(Key key, String origin) {}

  /**
   * A session just begun.
   *
   * @param key that it acts for
   * @param token the cookie's value
   */
  public record Begun(Key key, String token) {}

  private record Held(Session session, long until) {}

  private final Keys keys;
  private final LongSupplier nanos;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Held> codes = new LinkedHashMap<>();
  private final Map<String, Held> sessions = new LinkedHashMap<>();

  /**
   * None yet.
   *
   * @param keys that count
   */
  public BrowserSessions(Keys keys) {
    this(keys, System::nanoTime);
  }

  BrowserSessions(Keys keys, LongSupplier nanos) {
    this.keys = keys;
    this.nanos = nanos;
  }

  /**
   * Makes a code.
   *
   * @param key that it stands for
   * @return the code; empty when too many wait already
   */
  public synchronized Optional<String> code(Key key) {
    forget(codes);
    if (codes.size() >= MOST_CODES || count(codes, key) >= MOST_CODES_OF_KEY) {
      return Optional.empty();
    }
    return Optional.of(hold(codes, new Session(key, ""), CODE_LIFE));
  }

  /**
   * Exchanges a code, which is good for nothing afterwards. Where a key, or all keys, have their
   * fill of sessions, the oldest ends.
   *
   * @param code any text
   * @param origin of the page that asks
   * @return empty for a code that does not count, or not any more
   */
  public synchronized Optional<Begun> begin(String code, String origin) {
    forget(codes);
    forget(sessions);
    Held found = codes.remove(digest(code));
    if (found == null) {
      return Optional.empty();
    }
    Key key = found.session().key();
    if (count(sessions, key) >= MOST_SESSIONS_OF_KEY) {
      endOldest(key);
    } else if (sessions.size() >= MOST_SESSIONS) {
      endOldest(sessions.values().iterator().next().session().key());
    }
    return Optional.of(new Begun(key, hold(sessions, new Session(key, origin), LIFE)));
  }

  /**
   * Whose session is it?
   *
   * @param cookies the request's header of that name, of any content
   * @return the session, if one of the cookies is one's
   */
  public Optional<Session> find(String cookies) {
    Matcher cookie = COOKIE.matcher(cookies);
    while (cookie.find()) {
      Optional<Session> found = session(cookie.group(1));
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private synchronized Optional<Session> session(String token) {
    Held held = sessions.get(digest(token));
    return held == null || isOver(held) ? Optional.empty() : Optional.of(held.session());
  }

  /**
   * Ends whatever session the cookies are of.
   *
   * @param cookies the request's header of that name
   */
  public synchronized void end(String cookies) {
    COOKIE.matcher(cookies).results().forEach(cookie -> sessions.remove(digest(cookie.group(1))));
  }

  private String hold(Map<String, Held> where, Session session, Duration life) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    String text = Base64Url.text(bytes);
    where.put(digest(text), new Held(session, nanos.getAsLong() + life.toNanos()));
    return text;
  }

  private static String digest(String text) {
    return text.length() > 64 ? "" : Digests.sha256Hex(text);
  }

  private boolean isOver(Held held) {
    return held.until() - nanos.getAsLong() <= 0 || !keys.contains(held.session().key());
  }

  private void forget(Map<String, Held> where) {
    where.values().removeIf(this::isOver);
  }

  private static long count(Map<String, Held> where, Key key) {
    return where.values().stream().filter(held -> held.session().key().equals(key)).count();
  }

  private void endOldest(Key key) {
    Iterator<Held> oldestFirst = sessions.values().iterator();
    while (oldestFirst.hasNext()) {
      if (oldestFirst.next().session().key().equals(key)) {
        oldestFirst.remove();
        return;
      }
    }
  }
}
