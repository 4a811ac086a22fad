package l4proxy.wire;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Messages as bytes. A message of a type nobody knows here is for a later version and reads as
 * nothing.
 */
public final class Messages {
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private static final Map<String, Class<? extends Message>> TYPES =
      Map.ofEntries(
          Map.entry("control", Message.Control.class),
          Map.entry("tunnel", Message.TunnelHello.class),
          Map.entry("http", Message.Http.class),
          Map.entry("welcome", Message.Welcome.class),
          Map.entry("rejected", Message.Rejected.class),
          Map.entry("expose", Message.Expose.class),
          Map.entry("exposed", Message.Exposed.class),
          Map.entry("withdraw", Message.Withdraw.class),
          Map.entry("health", Message.Health.class),
          Map.entry("ended", Message.Ended.class),
          Map.entry("refused", Message.Refused.class),
          Map.entry("tunnels", Message.Tunnels.class),
          Map.entry("draining", Message.Draining.class),
          Map.entry("takenOver", Message.TakenOver.class),
          Map.entry("heartbeat", Message.Heartbeat.class),
          Map.entry("heartbeatAnswer", Message.HeartbeatAnswer.class));

  private static final Map<Class<?>, String> NAMES =
      TYPES.entrySet().stream().collect(Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));

  private Messages() {}

  /**
   * Writes one message.
   *
   * @param out where to
   * @param message what
   * @throws IOException when the connection broke
   */
  public static void write(OutputStream out, Message message) throws IOException {
    JsonObject object = GSON.toJsonTree(message).getAsJsonObject();
    object.addProperty("type", NAMES.get(message.getClass()));
    byte[] json = GSON.toJson(object).getBytes(StandardCharsets.UTF_8);
    if (json.length > Message.MAX) {
      throw new IOException("a message of " + json.length + " bytes is too long to send");
    }
    out.write(ByteBuffer.allocate(4 + json.length).putInt(json.length).put(json).array());
  }

  /**
   * Waits for one message.
   *
   * @param in where from
   * @return the message, or null for one of a type that is not known here
   * @throws ProtocolException when it is too long, not JSON, or says what it may not
   * @throws IOException when the connection broke or ended
   */
  public static @Nullable Message read(InputStream in) throws IOException {
    byte[] head = in.readNBytes(4);
    if (head.length < 4) {
      throw new EOFException("the connection ended");
    }
    int length = ByteBuffer.wrap(head).getInt();
    if (length < 2 || length > Message.MAX) {
      throw new ProtocolException(
          "a message of "
              + Integer.toUnsignedLong(length)
              + " bytes; 2 to "
              + Message.MAX
              + " are allowed");
    }
    byte[] json = in.readNBytes(length);
    if (json.length < length) {
      throw new EOFException("the connection ended within a message");
    }
    return parse(new String(json, StandardCharsets.UTF_8));
  }

  private static @Nullable Message parse(String json) throws ProtocolException {
    try {
      JsonElement element = JsonParser.parseString(json);
      if (!element.isJsonObject() || !element.getAsJsonObject().has("type")) {
        throw new ProtocolException("a message that is no JSON object with a type");
      }
      Class<? extends Message> type =
          TYPES.get(element.getAsJsonObject().get("type").getAsString());
      // From the text, not the element: there gson cuts numbers that are too large.
      return type == null ? null : GSON.fromJson(json, type);
    } catch (RuntimeException e) { // gson wraps what a record's own checks throw
      throw new ProtocolException("a message that says what it may not: " + cause(e));
    }
  }

  /** What a record's own checks said; a text of gson's or the JDK's repeats what was read. */
  private static String cause(RuntimeException e) {
    return e.getCause() instanceof IllegalArgumentException own
            && !(own instanceof NumberFormatException)
        ? String.valueOf(own.getMessage())
        : "bad JSON";
  }

  static String json(OpenFrame frame) {
    return GSON.toJson(frame);
  }

  static OpenFrame openFrame(String json) throws ProtocolException {
    try {
      OpenFrame frame = GSON.fromJson(json, OpenFrame.class);
      if (frame == null) {
        throw new ProtocolException("an OPEN that says nothing");
      }
      return frame;
    } catch (RuntimeException e) { // gson wraps what a record's own checks throw
      throw new ProtocolException("an OPEN that says what it may not: " + cause(e));
    }
  }
}
