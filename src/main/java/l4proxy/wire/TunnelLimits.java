package l4proxy.wire;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import l4proxy.net.Watch;

/**
 * The time limits of a tunnel in use, looked at by the watch.
 *
 * <p>Counters have one writer each at a time: {@code written} whoever holds the writing lock, the
 * others the receiving thread. What has to settle goes by the number of its opening, so that a late
 * word about one opening is no limit for the next.
 */
final class TunnelLimits implements Watch.Watched {
  /** DONE after a RESET in either direction, or after a refusal. */
  private static final Duration SETTLING = Duration.ofSeconds(2);

  /** A frame of an opening not opened yet, written. */
  private static final Duration WRITING = Duration.ofSeconds(5);

  /** Any frame written, once the control connection is lost, while nothing moves on there. */
  private static final Duration STUCK = Duration.ofSeconds(15);

  /**
   * Ticks without a word on an idle tunnel, whose server asks every 5 s, until the client gives it
   * up: 20 s.
   */
  private static final int FORGOTTEN =
      (int) (Duration.ofSeconds(20).toMillis() / Watch.TICK.toMillis());

  /** Ticks that a half-closed pair may be silent: 60 s, kept by the server alone. */
  private static final int HALF_CLOSED =
      (int) (Duration.ofSeconds(60).toMillis() / Watch.TICK.toMillis());

  /**
   * The same while a write waits, to the user or into the tunnel: the kernel lets it go on when a
   * third of its buffer is free, which takes minutes where the other side is slow.
   */
  private static final int HELD_UP = 10 * HALF_CLOSED;

  /** The opening that has to be over by then; a deadline of 0 is set once it is opened. */
  private record Settling(int number, long deadline) {}

  private final Tunnel tunnel;
  private final TunnelState state;
  private final boolean server;
  private final LongSupplier clock;
  private final Liveness liveness = new Liveness();
  private final AtomicLong read = new AtomicLong();
  private final AtomicLong delivered = new AtomicLong();
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong writtenAtLastRead = new AtomicLong();
  private final AtomicLong signs = new AtomicLong();
  private final AtomicLong passedOn = new AtomicLong();
  private final AtomicLong passedOnAtLastPong = new AtomicLong();
  private final AtomicLong movesThere = new AtomicLong();
  private volatile long openedBy;
  private volatile Settling settling = new Settling(0, 0);
  private volatile long lostAt;
  private volatile long writingSince;
  private volatile Runnable onSilence = () -> {};
  private boolean lossNoted;
  private int silent;
  private int mute;
  private long lastSaid;
  private long answered;
  private int idle;
  private long lastRead;
  private long lastTotal;
  private long lastMoves;
  private long movedAt;

  TunnelLimits(Tunnel tunnel, TunnelState state, boolean server, LongSupplier clock) {
    this.tunnel = tunnel;
    this.state = state;
    this.server = server;
    this.clock = clock;
  }

  /**
   * An opening begins; {@code onSilence} is called when it was half closed and silent for too long.
   */
  void begin(Runnable onSilence) {
    this.onSilence = onSilence;
    openedBy = after(Tunnel.OPENING);
  }

  void opened() {
    int number = state.number();
    if (settling.number() == number) {
      settling = new Settling(number, after(SETTLING));
    }
  }

  /** From now on this opening has to come to its end soon. */
  synchronized void settle(int number) {
    if (number < settling.number()) {
      return;
    }
    settling = new Settling(number, 0);
    if (!state.opening()) {
      settling = new Settling(number, after(SETTLING));
    }
  }

  void sessionLost() {
    lostAt = clock.getAsLong() | 1;
  }

  /** Bytes came; what was written before they did counts as answered. */
  void read(int bytes) {
    if (bytes > 0) {
      read.setOpaque(read.getPlain() + bytes);
      writtenAtLastRead.setOpaque(written.getOpaque());
    }
  }

  /** A PING or PONG came: a sign of life, and nothing of the user's. */
  void sign(int bytes) {
    read(bytes);
    delivered(bytes);
    signs.setOpaque(signs.getPlain() + bytes);
  }

  void delivered(int bytes) {
    delivered.setOpaque(delivered.getPlain() + bytes);
  }

  /** Bytes of the user's connection went on to the local socket. */
  void passedOn(int bytes) {
    delivered(bytes);
    passedOn.setOpaque(passedOn.getPlain() + bytes);
  }

  /** Whether some did since this was asked last; for the other side, which cannot see it. */
  boolean moved() {
    long now = passedOn.getOpaque();
    return passedOnAtLastPong.getAndSet(now) != now;
  }

  /**
   * Some did on the other side: what a slow backend takes is no silence, however long ago it was
   * written here.
   */
  void movedThere() {
    movesThere.setOpaque(movesThere.getPlain() + 1);
  }

  void writing() {
    writingSince = clock.getAsLong() | 1;
  }

  /** A write is done; {@code bytes} is 0 for PING and PONG, which ask for no answer themselves. */
  void written(int bytes) {
    writingSince = 0;
    written.setOpaque(written.getPlain() + bytes);
  }

  @Override
  public void tick() {
    if (state.idle()) {
      watchIdle();
      return;
    }
    long now = clock.getAsLong();
    long moves = movesThere.getOpaque();
    if (moves != lastMoves) {
      lastMoves = moves;
      movedAt = now;
    }
    if (late(now) || stuck(now)) {
      tunnel.abort();
      return;
    }
    if (lostAt != 0 && !lossNoted) {
      lossNoted = true;
      liveness.suspect();
    }
    switch (liveness.tick(read.getOpaque(), delivered.getOpaque(), unanswered())) {
      case PING -> tunnel.later(FrameType.PING);
      case PONG -> tunnel.later(FrameType.PONG);
      case BROKEN -> tunnel.abort();
      case NOTHING -> {
        if (owesASign()) {
          tunnel.later(FrameType.PONG);
        }
      }
    }
    if (server) {
      watchHalfClosed();
    }
  }

  /**
   * Something came a while ago and nothing was said since: the other side may still have much under
   * way on a slow link, which a PING of its own would have to wait behind.
   */
  private boolean owesASign() {
    long came = read.getOpaque() - signs.getOpaque();
    long said = written.getOpaque();
    if (said != lastSaid) {
      lastSaid = said;
      answered = came;
    }
    mute = came == answered ? 0 : mute + 1;
    if (mute < Liveness.SIGN) {
      return false;
    }
    answered = came;
    mute = 0;
    return true;
  }

  private void watchIdle() {
    long total = read.getOpaque();
    idle = total == lastRead ? idle + 1 : 0;
    lastRead = total;
    if (!server && idle >= FORGOTTEN) {
      tunnel.abort();
    }
  }

  /** The other side has had something to answer, or to take, since it was last heard of. */
  private boolean unanswered() {
    return written.getOpaque() != writtenAtLastRead.getOpaque() || writingSince != 0;
  }

  private boolean late(long now) {
    if (state.opening()) {
      return server && now - openedBy > 0;
    }
    Settling by = settling;
    return by.number() == state.number() && by.deadline() != 0 && now - by.deadline() > 0;
  }

  private boolean stuck(long now) {
    long since = writingSince;
    if (since == 0) {
      return false;
    }
    if (state.opening()) {
      return now - since > WRITING.toNanos();
    }
    long lost = lostAt;
    return lost != 0
        && now - since > STUCK.toNanos()
        && now - lost > STUCK.toNanos()
        && (lastMoves == 0 || now - movedAt > STUCK.toNanos());
  }

  private void watchHalfClosed() {
    long total =
        delivered.getOpaque() - signs.getOpaque() + written.getOpaque() + movesThere.getOpaque();
    silent = total == lastTotal && state.halfClosed() ? silent + 1 : 0;
    lastTotal = total;
    boolean heldUp = read.getOpaque() != delivered.getOpaque() || writingSince != 0;
    if (silent >= (heldUp ? HELD_UP : HALF_CLOSED)) {
      silent = 0;
      onSilence.run();
    }
  }

  private long after(Duration time) {
    return clock.getAsLong() + time.toNanos() | 1;
  }
}
