package l4proxy.wire;

/**
 * The frames of a tunnel; each is a type byte, a three-byte length and that many bytes of payload.
 */
public enum FrameType {
  /** Server to client: the tunnel now carries a user; payload {@link OpenFrame} as JSON. */
  OPEN(1, 2, 16 * 1024),
  /** Client to server: the backend is connected; payload the number of the opening. */
  OPENED(2, 4, 4),
  /** Client to server: no connection to the backend; payload the number and a reason. */
  REFUSED(3, 4, 1024),
  /** Both: bytes of the user's connection. */
  DATA(4, 1, 64 * 1024),
  /** Both: this direction has ended. */
  FIN(5, 0, 0),
  /**
   * Both: the connection broke; payload the number and a reason; nothing follows in this direction.
   */
  RESET(6, 4, 1024),
  /** Client to server: the opening is over on both sides; payload its number. */
  DONE(7, 4, 4),
  /** Both: is somebody there? */
  PING(8, 0, 0),
  /**
   * Both: yes; also sent unasked by a side that is held up by its own socket. A payload of one byte
   * says that bytes of the user's connection went on since the PONG before.
   */
  PONG(9, 0, 1);

  /** Bytes of a header. */
  public static final int HEADER = 4;

  private static final FrameType[] BY_CODE = new FrameType[10];

  static {
    for (FrameType type : values()) {
      BY_CODE[type.code] = type;
    }
  }

  private final int code;
  private final int least;
  private final int most;

  FrameType(int code, int least, int most) {
    this.code = code;
    this.least = least;
    this.most = most;
  }

  int code() {
    return code;
  }

  /** Says that somebody is there, or asks, and belongs to no opening. */
  boolean sign() {
    return this == PING || this == PONG;
  }

  static FrameType of(int code, int length) throws ProtocolException {
    FrameType type = code > 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    if (type == null) {
      throw new ProtocolException("a frame of the unknown type " + code);
    }
    if (length < type.least || length > type.most) {
      throw new ProtocolException("a frame " + type + " of " + length + " bytes");
    }
    return type;
  }

  /** Puts a header into four bytes. */
  void header(byte[] target, int offset, int length) {
    target[offset] = (byte) code;
    target[offset + 1] = (byte) (length >> 16);
    target[offset + 2] = (byte) (length >> 8);
    target[offset + 3] = (byte) length;
  }
}
