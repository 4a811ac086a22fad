package l4proxy.wire;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.regex.Pattern;
import l4proxy.net.Buffers;
import l4proxy.net.Connection;
import l4proxy.net.Relay;
import l4proxy.net.Watch;

/**
 * One tunnel: frames over a connection, for one user after another.
 *
 * <p>One thread receives. Any thread may send; frames go out whole, in the order in which {@link
 * TunnelState} allowed them. What the receiving thread has to say while the tunnel is in use goes
 * out on another ({@link LateFrames}). The {@link Watch} keeps its time limits. {@link #abort()}
 * may come from anywhere and ends whatever is blocked.
 */
public final class Tunnel implements AutoCloseable {
  /** So long OPENED or REFUSED may take after OPEN; then the tunnel breaks. */
  public static final Duration OPENING = Duration.ofSeconds(10);

  private static final Pattern CONTROL = Pattern.compile("\\p{Cc}");

  private final Connection connection;
  private final Watch watch;
  private final FrameReader in;
  private final TunnelState state;
  private final TunnelLimits limits;
  private final FrameWriter out;
  private final LateFrames late = new LateFrames(this);
  private OpenFrame opening = OpenFrame.NONE;
  private String text = "";

  /**
   * Takes over a connection on which the first message has been exchanged.
   *
   * @param connection carries the frames; closed with the tunnel
   * @param side which end this is
   * @param watch keeps the time limits
   */
  public Tunnel(Connection connection, TunnelState.Side side, Watch watch) {
    this.connection = connection;
    this.watch = watch;
    this.in = new FrameReader(connection.in());
    this.state = new TunnelState(side);
    this.limits = new TunnelLimits(this, state, side == TunnelState.Side.SERVER, System::nanoTime);
    this.out = new FrameWriter(connection, state, limits);
    watch.add(limits);
  }

  /**
   * An opening begins.
   *
   * @param onSilence called, on the server's side, when the user's connection was half closed and
   *     silent for 60 s
   */
  public void begin(Runnable onSilence) {
    limits.begin(onSilence);
  }

  /**
   * The control connection beside this tunnel is lost: finds out at once whether the tunnel is
   * still good.
   */
  public void sessionLost() {
    limits.sessionLost();
  }

  /**
   * Opens the tunnel for a user, with the first bytes if there are some, all in one write.
   *
   * @param frame says who and for what; its number is the next of this tunnel
   * @param first bytes of the user's
   * @param length how many of them; at most 64 KiB
   * @throws IOException when the tunnel broke
   */
  public void open(OpenFrame frame, byte[] first, int length) throws IOException {
    out.open(frame, first, length);
  }

  /**
   * Sends bytes of the user's connection; nothing when this direction has ended.
   *
   * @param buffer holds them, with {@link Buffers#HEADROOM} bytes before them that are overwritten
   * @param offset where they start
   * @param length how many
   * @throws IOException when the tunnel broke
   */
  public void data(byte[] buffer, int offset, int length) throws IOException {
    out.data(buffer, offset, length);
  }

  /**
   * Sends a frame without a text.
   *
   * @param type one of OPENED, FIN, DONE, PING, PONG
   * @return whether it was still to be sent
   * @throws IOException when the tunnel broke
   */
  public boolean send(FrameType type) throws IOException {
    return out.send(type);
  }

  /**
   * Says that the backend cannot be had.
   *
   * @param reason one sentence
   * @throws IOException when the tunnel broke
   */
  public void refuse(String reason) throws IOException {
    if (out.say(FrameType.REFUSED, 0, reason)) {
      limits.settle(state.number());
    }
  }

  /**
   * Says that the connection broke; nothing when that is said already.
   *
   * @param reason one sentence
   * @throws IOException when the tunnel broke
   */
  public void reset(String reason) throws IOException {
    int about = state.number();
    limits.settle(about);
    out.say(FrameType.RESET, about, reason);
  }

  /**
   * {@link #reset(String)} on another thread: for the receiving one, which must not wait.
   *
   * @param reason one sentence
   */
  public void resetLater(String reason) {
    resetLater(state.number(), reason);
  }

  /** The same about one opening and no other, whichever is on by now. */
  void resetLater(int about, String reason) {
    limits.settle(about);
    late.send("reset", () -> out.say(FrameType.RESET, about, reason));
  }

  /** PING or PONG on another thread. */
  void later(FrameType type) {
    late.sign(type);
  }

  /**
   * Waits for the next frame that means something to the caller; PING, PONG and late RESETs are
   * dealt with here.
   *
   * @return its type
   * @throws ProtocolException when the other side broke the rules
   * @throws IOException when the tunnel broke or ended
   */
  public FrameType receive() throws IOException {
    while (true) {
      FrameType type = next();
      if (!type.sign()) {
        return type;
      }
    }
  }

  /**
   * Asks an idle tunnel, on the server's side, whether the client is there.
   *
   * @param time how long to wait for the answer
   * @throws IOException when it did not come
   */
  public void check(Duration time) throws IOException {
    send(FrameType.PING);
    connection.in().deadline(time);
    if (next() != FrameType.PONG) {
      throw new ProtocolException("a frame on an idle tunnel");
    }
    connection.in().deadline(Duration.ZERO);
  }

  private FrameType next() throws IOException {
    while (true) {
      FrameType type = in.next();
      boolean meant = state.receive(type, about(type));
      came(type);
      if (type != FrameType.DATA) {
        Relay.share(1); // whoever takes the data does so for that
      }
      if (type == FrameType.RESET || type == FrameType.REFUSED) {
        text = CONTROL.matcher(in.text()).replaceAll(" ");
      }
      if (!meant) {
        continue;
      }
      switch (type) {
        case PING -> later(FrameType.PONG);
        case RESET, REFUSED -> limits.settle(state.number());
        case OPENED -> limits.opened();
        default -> {}
      }
      return type;
    }
  }

  private void came(FrameType type) {
    if (type.sign()) {
      limits.sign(FrameType.HEADER);
      if (in.left() > 0) {
        limits.movedThere();
      }
    } else {
      limits.read(FrameType.HEADER);
      limits.delivered(FrameType.HEADER);
    }
  }

  private int about(FrameType type) throws IOException {
    return switch (type) {
      case OPENED, REFUSED, RESET, DONE -> in.number();
      case OPEN -> {
        opening = Messages.openFrame(in.text());
        yield opening.number();
      }
      case DATA, FIN, PING, PONG -> 0;
    };
  }

  /**
   * What the last OPEN said.
   *
   * @return the frame
   */
  public OpenFrame opening() {
    return opening;
  }

  /**
   * What the last REFUSED or RESET gave as its reason; the other side's words.
   *
   * @return a sentence
   */
  public String reason() {
    return text;
  }

  /**
   * Waits for bytes of the DATA frame received last.
   *
   * @return how many are in {@link #buffer()} from {@link #position()} on; 0 at the end of the
   *     frame
   * @throws IOException when the tunnel broke
   */
  public int piece() throws IOException {
    int count = in.piece();
    limits.read(count);
    return count;
  }

  /**
   * The array that holds the piece.
   *
   * @return the connection's buffer
   */
  public byte[] buffer() {
    return connection.in().buffer();
  }

  /**
   * Where the piece starts.
   *
   * @return an index into {@link #buffer()}
   */
  public int position() {
    return connection.in().position();
  }

  /**
   * The piece has been passed on.
   *
   * @param count its length
   */
  public void consume(int count) {
    in.consume(count);
    limits.passedOn(count);
  }

  /**
   * What may come next.
   *
   * @return the rules' view of this tunnel
   */
  public TunnelState state() {
    return state;
  }

  /**
   * The other end.
   *
   * @return its address
   */
  public InetSocketAddress remote() {
    return connection.remote();
  }

  /**
   * Which of the two kinds it is.
   *
   * @return true for a tunnel through TLS
   */
  public boolean encrypted() {
    return connection.encrypted();
  }

  /** Breaks the tunnel: both ends see a reset. */
  public void abort() {
    watch.remove(limits);
    connection.abort();
  }

  @Override
  public void close() {
    watch.remove(limits);
    connection.close();
  }
}
