package l4proxy.wire;

/**
 * Which frames may come next on a tunnel, in both directions; the one place where the rules are.
 *
 * <pre>
 *          OPEN n            OPENED n                      DONE n
 *   IDLE ----------> OPENING ---------> OPENED ----------------------------> IDLE
 *                       |                 each direction: FLOWING -> FIN -> RESET
 *                       | REFUSED n       over when neither direction is FLOWING
 *                       +-------------> REFUSED ----------------------------> IDLE
 * </pre>
 *
 * <p>The server's direction flows from OPEN on, the client's from OPENED on. A frame that does not
 * fit is a {@link ProtocolException} when received; a frame that no longer makes sense is not to be
 * sent, and {@link #send} says so by {@code false}. Every method is safe from any thread and never
 * waits long.
 */
public final class TunnelState {
  /** Which end this is. */
  public enum Side {
    /** Opens. */
    SERVER,
    /** Is opened. */
    CLIENT
  }

  private enum Phase {
    IDLE,
    OPENING,
    OPENED,
    REFUSED
  }

  private enum Half {
    SILENT,
    FLOWING,
    FIN,
    RESET;

    boolean ended() {
      return this == FIN || this == RESET;
    }
  }

  private final Side side;
  private Phase phase = Phase.IDLE;
  private Half server = Half.SILENT;
  private Half client = Half.SILENT;
  private int number;

  /**
   * A tunnel nobody has used yet.
   *
   * @param side which end this is
   */
  public TunnelState(Side side) {
    this.side = side;
  }

  /**
   * Takes note of a frame about to be sent.
   *
   * @param type of the frame
   * @param about the opening it belongs to; 0 for the one that is on
   * @return false when it must not be sent: its opening is over, or its direction has ended
   */
  public synchronized boolean send(FrameType type, int about) {
    if (about != 0 && about != number) {
      return false;
    }
    return switch (type) {
      case OPEN -> side == Side.SERVER && phase == Phase.IDLE && open(number + 1);
      case OPENED -> side == Side.CLIENT && phase == Phase.OPENING && opened();
      case REFUSED -> side == Side.CLIENT && phase == Phase.OPENING && refused();
      case DATA -> own() == Half.FLOWING;
      case FIN -> own() == Half.FLOWING && own(Half.FIN);
      case RESET -> (own() == Half.FLOWING || own() == Half.FIN) && own(Half.RESET);
      case DONE -> side == Side.CLIENT && over() && done();
      case PING -> side == Side.SERVER || phase == Phase.OPENED;
      case PONG -> true;
    };
  }

  /**
   * Takes note of a frame received.
   *
   * @param type of the frame
   * @param about the number of the opening it names, 0 for none
   * @return false for a frame to be passed over: a RESET of an opening already over
   * @throws ProtocolException for any other frame out of place
   */
  public synchronized boolean receive(FrameType type, int about) throws ProtocolException {
    if (type == FrameType.RESET && side == Side.CLIENT && stale(about)) {
      return false;
    }
    boolean fits =
        switch (type) {
          case OPEN -> side == Side.CLIENT && phase == Phase.IDLE && about > number && open(about);
          case OPENED ->
              side == Side.SERVER && phase == Phase.OPENING && about == number && opened();
          case REFUSED ->
              side == Side.SERVER && phase == Phase.OPENING && about == number && refused();
          case DATA -> other() == Half.FLOWING;
          case FIN -> other() == Half.FLOWING && other(Half.FIN);
          case RESET ->
              about == number
                  && (other() == Half.FLOWING || other() == Half.FIN)
                  && other(Half.RESET);
          case DONE -> side == Side.SERVER && about == number && over() && done();
          case PING -> side == Side.CLIENT || phase == Phase.OPENED;
          case PONG -> true;
        };
    if (!fits) {
      throw new ProtocolException(
          "a frame " + type + " out of place, " + (phase == Phase.IDLE ? "idle" : phase));
    }
    return true;
  }

  /**
   * Both directions have ended, or the opening was refused and the server's has.
   *
   * @return whether only DONE is missing
   */
  public synchronized boolean over() {
    return phase == Phase.REFUSED && server.ended()
        || phase == Phase.OPENED && server.ended() && client.ended();
  }

  /**
   * Nothing is carried.
   *
   * @return whether the next opening may come
   */
  public synchronized boolean idle() {
    return phase == Phase.IDLE;
  }

  /**
   * OPEN went over, and neither OPENED nor REFUSED yet.
   *
   * @return whether the backend is being dialled
   */
  public synchronized boolean opening() {
    return phase == Phase.OPENING;
  }

  /**
   * One direction has ended and the other flows.
   *
   * @return whether the user's connection is half closed
   */
  public synchronized boolean halfClosed() {
    return phase == Phase.OPENED && server.ended() != client.ended();
  }

  /**
   * The opening that is on, or was last.
   *
   * @return its number, 0 before the first
   */
  public synchronized int number() {
    return number;
  }

  private boolean stale(int about) {
    return about < number || about == number && phase == Phase.IDLE;
  }

  private boolean open(int next) {
    number = next;
    phase = Phase.OPENING;
    server = Half.FLOWING;
    client = Half.SILENT;
    return true;
  }

  private boolean opened() {
    phase = Phase.OPENED;
    client = Half.FLOWING;
    return true;
  }

  private boolean refused() {
    phase = Phase.REFUSED;
    return true;
  }

  private boolean done() {
    phase = Phase.IDLE;
    server = Half.SILENT;
    client = Half.SILENT;
    return true;
  }

  private Half own() {
    return side == Side.SERVER ? server : client;
  }

  private boolean own(Half half) {
    return set(side, half);
  }

  private Half other() {
    return side == Side.SERVER ? client : server;
  }

  private boolean other(Half half) {
    return set(side == Side.SERVER ? Side.CLIENT : Side.SERVER, half);
  }

  private boolean set(Side whose, Half half) {
    if (whose == Side.SERVER) {
      server = half;
    } else {
      client = half;
    }
    return true;
  }
}
