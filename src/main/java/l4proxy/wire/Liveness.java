package l4proxy.wire;

/**
 * Finds out whether the other side of a tunnel in use is still there, from counters looked at each
 * tick.
 *
 * <p>TCP itself takes up to a quarter of an hour to give up on unanswered data, and Java cannot set
 * TCP_USER_TIMEOUT. So a side that wrote to the tunnel, reads, and has read nothing for {@value
 * #SILENCE} ticks asks by PING, and takes as many ticks of silence after it for a break. Whoever
 * has reason to suspect one asks at once and waits {@value #SUSPICION}. A side that cannot read,
 * because its own socket takes nothing, sends PONG now and then: a slow backend is no dead link.
 * Counts ticks, not time, so a program that was stopped and goes on finds nobody guilty. Not
 * thread-safe: the watch alone calls it.
 */
final class Liveness {
  /** Nine and a half seconds: twice that and a tick are less than 20 s. */
  private static final int SILENCE = 19;

  /**
   * Four seconds: after the 15 that the loss of a control connection takes to be noticed, less than
   * 20 s too. Only for who has read nothing for long anyway: TCP itself may take its time to go on
   * where a link is back.
   */
  private static final int SUSPICION = 8;

  /** Two and a half seconds, well within the shortest wait for a sign. */
  static final int SIGN = 5;

  /** What is to be done now. */
  enum Verdict {
    NOTHING,
    PING,
    PONG,
    BROKEN
  }

  private long lastRead;
  private int quiet;

  /** Ticks since something was read, and could be. */
  private int unread;

  private int heldUp;
  private boolean asked;
  private boolean hasty;
  private boolean suspect;

  /** Since the last tick: what was read meanwhile may have come before the reason to suspect. */
  private boolean fresh;

  /** The next quiet tick asks at once: the control connection beside this tunnel was lost. */
  void suspect() {
    suspect = true;
    fresh = true;
  }

  /**
   * One more tick.
   *
   * @param read bytes read from the tunnel so far
   * @param delivered bytes of those passed on so far
   * @param unanswered whether something was written, or is being written, since the last byte was
   *     read
   */
  Verdict tick(long read, long delivered, boolean unanswered) {
    boolean justNow = fresh;
    fresh = false;
    if (read != lastRead) {
      lastRead = read;
      quiet = 0;
      unread = 0;
      heldUp = 0;
      asked = false;
      suspect &= justNow;
      return Verdict.NOTHING;
    }
    if (read != delivered) {
      quiet = 0;
      unread = 0;
      heldUp++;
      return heldUp % SIGN == 0 ? Verdict.PONG : Verdict.NOTHING;
    }
    heldUp = 0;
    unread++;
    if (asked) {
      quiet++;
      boolean broken = hasty ? quiet >= SUSPICION && unread >= 2 * SILENCE : quiet >= SILENCE;
      return broken ? Verdict.BROKEN : Verdict.NOTHING;
    }
    if (!unanswered && !suspect) {
      quiet = 0;
      return Verdict.NOTHING;
    }
    if (++quiet >= SILENCE || suspect) {
      asked = true;
      hasty = suspect;
      quiet = 0;
      return Verdict.PING;
    }
    return Verdict.NOTHING;
  }
}
