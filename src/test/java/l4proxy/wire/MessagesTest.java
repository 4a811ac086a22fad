package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages as bytes: what goes in comes out, and nothing that may not be said is read. */
@Timeout(30)
final class MessagesTest {
  private static final String ID = "abcdefghijklmnopqrst_-";
  private static final String SECRET = "topsecrettopsecrettopsecrettopsecrettopsecr";
  private static final String EXPOSE =
      "{\"type\":\"expose\",\"service\":1,\"name\":\"web\",\"backend\":\"b\",\"instance\":\""
          + ID
          + "\",\"publicPort\":80,\"lastPort\":0,\"plainTunnels\":true}";

  static Stream<Message> messages() {
    return Stream.of(
        new Message.Control(SECRET, "1.0", "svr.example", ID),
        new Message.Control(null, "1.0", "::1", ID),
        new Message.TunnelHello(ID, ID),
        new Message.Http(),
        new Message.Welcome("1.0", ID),
        new Message.Rejected("no such key: \"<>&'ü€😀 \\", true),
        new Message.Expose(
            7, "my-web_1.x", "127.0.0.1:80", ID, 0, 65_535, true, 65_535, 65_535, null),
        new Message.Expose(
            7, "web", "b", ID, 80, 0, false, null, 0, new Message.Sharing(Balance.FIRST, 1000, 0)),
        new Message.Withdraw(3),
        new Message.Health(0, true),
        new Message.Ended(1),
        new Message.Exposed(0, "client-1", "example.org", 65_535, 65_535),
        new Message.Refused(100_000, "taken", false),
        new Message.Tunnels(true, 0, List.of(ID)),
        new Message.Tunnels(false, 0, java.util.Collections.nCopies(Message.Tunnels.MOST, ID)),
        new Message.Draining(),
        new Message.TakenOver(),
        new Message.Heartbeat(Long.MIN_VALUE),
        new Message.Heartbeat(Long.MAX_VALUE),
        new Message.HeartbeatAnswer(9_007_199_254_740_993L));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void messageComesOutAsItWentIn(Message message) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Messages.write(out, message);
    Messages.write(out, new Message.Draining());
    ByteArrayInputStream in = new ByteArrayInputStream(out.toByteArray());
    assertEquals(message, Messages.read(in));
    assertEquals(new Message.Draining(), Messages.read(in));
    assertThrows(EOFException.class, () -> Messages.read(in));
  }

  @Test
  void everyKindOfMessageIsTried() {
    assertEquals(
        Message.class.getPermittedSubclasses().length,
        messages().map(Message::getClass).distinct().count());
  }

  private static Message read(String json) throws IOException {
    return read(json.getBytes(StandardCharsets.UTF_8));
  }

  private static Message read(byte[] json) throws IOException {
    return Messages.read(
        new ByteArrayInputStream(
            ByteBuffer.allocate(4 + json.length).putInt(json.length).put(json).array()));
  }

  private static ProtocolException breach(String json) {
    return assertThrows(ProtocolException.class, () -> read(json), json);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16 * 1024 + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
  void lengthOutOfBoundsIsABreachBeforeAnythingIsRead(int length) {
    ByteArrayInputStream in =
        new ByteArrayInputStream(ByteBuffer.allocate(100).putInt(length).array());
    var e = assertThrows(ProtocolException.class, () -> Messages.read(in));
    assertTrue(e.getMessage().contains(Integer.toUnsignedString(length)), e.getMessage());
    assertEquals(96, in.available());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3, 4, 5, 20})
  void endWithinAMessageIsNoMessage(int present) {
    byte[] whole =
        ByteBuffer.allocate(25)
            .putInt(21)
            .put("{\"type\":\"draining\" } ".getBytes(StandardCharsets.US_ASCII))
            .array();
    assertThrows(
        EOFException.class, () -> Messages.read(new ByteArrayInputStream(whole, 0, present)));
  }

  @Test
  void longestMessageIsRead() throws IOException {
    String json = "{\"type\":\"draining\",\"x\":\"";
    assertEquals(
        new Message.Draining(), read(json + "x".repeat(Message.MAX - json.length() - 2) + "\"}"));
  }

  @Test
  void messageThatIsTooLongIsNotWritten() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Message long16 = new Message.Rejected("\\".repeat(1000), true); // twice as long in JSON: fits
    assertTrue(assertDoesNotFail(out, long16) < Message.MAX);
  }

  private static int assertDoesNotFail(ByteArrayOutputStream out, Message message) {
    try {
      Messages.write(out, message);
      return out.size();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "xx",
        "{}",
        "[]",
        "null",
        "12",
        "\"control\"",
        "[{\"type\":\"draining\"}]",
        "{\"type\":null}",
        "{\"type\":{}}",
        "{\"type\":[]}",
        "{\"type\":\"draining\"",
        "{\"type\":\"draining\"}}",
        "  ",
        "{\"type\":\"draining\"} {\"type\":\"draining\"}",
        "{\"Type\":\"draining\"}",
        "\u0000\u0000"
      })
  void whatIsNoObjectWithATypeIsABreach(String json) {
    breach(json);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"later\"}",
        "{\"type\":\"\"}",
        "{\"type\":7}",
        "{\"type\":\"Draining\"}",
        "{\"type\":\"later\",\"service\":-1,\"x\":[[{}]]}"
      })
  void unknownTypeReadsAsNothing(String json) throws IOException {
    assertNull(read(json));
  }

  @Test
  void unknownFieldsAreForALaterVersion() throws IOException {
    assertEquals(
        new Message.Draining(),
        read("{\"x\":[1,{\"y\":null}],\"type\":\"draining\",\"version\":\"1\",\"secret\":{}}"));
  }

  @Test
  void wrongTypesAndValuesAreBreaches() throws IOException {
    assertTrue(read(EXPOSE) instanceof Message.Expose);
    for (String[] wrong :
        new String[][] {
          {"\"service\":1", "\"service\":-1"},
          {"\"service\":1", "\"service\":100001"},
          {"\"service\":1", "\"service\":1.5"},
          {"\"service\":1", "\"service\":4294967297"},
          {"\"service\":1", "\"service\":18446744073709551617"},
          {"\"service\":1", "\"service\":1e999999999"},
          {"\"service\":1", "\"service\":\"x\""},
          {"\"service\":1", "\"service\":[]"},
          {"\"service\":1", "\"service\":{}"},
          {"\"service\":1", "\"service\":true"},
          {"\"name\":\"web\"", "\"name\":null"},
          {"\"name\":\"web\"", "\"name\":\"\""},
          {"\"name\":\"web\"", "\"name\":\"a b\""},
          {"\"name\":\"web\"", "\"name\":\"web\\n\""},
          {"\"name\":\"web\"", "\"name\":\"" + "x".repeat(20) + "\""},
          {"\"name\":\"web\"", "\"name\":[\"web\"]"},
          {"\"name\":\"web\",", ""},
          {"\"backend\":\"b\"", "\"backend\":\"\\u001b[31m\""},
          {"\"backend\":\"b\"", "\"backend\":\"\\u0085\""},
          {"\"backend\":\"b\"", "\"backend\":\"\\u2028\""},
          {"\"backend\":\"b\"", "\"backend\":\"" + "x".repeat(301) + "\""},
          {"\"backend\":\"b\",", ""},
          {ID, ID.substring(1)},
          {ID, ID + "a"},
          {ID, ID.replace('_', '/')},
          {"\"publicPort\":80", "\"publicPort\":65536"},
          {"\"publicPort\":80", "\"publicPort\":-1"},
          {"\"publicPort\":80", "\"publicPort\":4294967318"},
          {"\"publicPort\":80", "\"publicPort\":22.9"},
          {"\"lastPort\":0", "\"lastPort\":65536"},
          {"\"plainTunnels\":true", "\"plainTunnels\":{}"},
        }) {
      assertTrue(EXPOSE.contains(wrong[0]), wrong[0]);
      breach(EXPOSE.replace(wrong[0], wrong[1]));
    }
  }

  @Test
  void textsHaveTheirBounds() throws IOException {
    assertTrue(
        read("{\"type\":\"control\",\"version\":\"1\",\"dialled\":\"\",\"process\":\"" + ID + "\"}")
            instanceof Message.Control);
    breach("{\"type\":\"control\",\"version\":\"1\",\"dialled\":\"\"}");
    breach("{\"type\":\"control\",\"version\":\"1\"}");
    breach("{\"type\":\"control\",\"dialled\":\"h\"}");
    breach("{\"type\":\"control\",\"version\":\"" + "1".repeat(65) + "\",\"dialled\":\"h\"}");
    breach("{\"type\":\"control\",\"version\":\"1\",\"dialled\":\"" + "h".repeat(254) + "\"}");
    breach(
        "{\"type\":\"control\",\"secret\":\""
            + "s".repeat(65)
            + "\",\"version\":\"1\",\"dialled\":\"\"}");
    breach("{\"type\":\"welcome\"}");
    breach("{\"type\":\"tunnel\"}");
    breach("{\"type\":\"rejected\",\"text\":\"" + "x".repeat(1001) + "\"}");
    breach("{\"type\":\"refused\",\"service\":1,\"text\":null}");
    breach("{\"type\":\"exposed\",\"service\":1,\"name\":\"n\",\"host\":\"h\"}");
    breach("{\"type\":\"exposed\",\"service\":1,\"name\":\"n\",\"host\":\"h\",\"port\":0}");
    breach("{\"type\":\"exposed\",\"service\":1,\"name\":\"n\",\"host\":\"a b\",\"port\":1}");
    breach("{\"type\":\"exposed\",\"service\":1,\"name\":\"n\",\"port\":1}");
  }

  @Test
  void ticketsAreCheckedOneByOne() {
    breach("{\"type\":\"tunnels\"}");
    breach("{\"type\":\"tunnels\",\"tickets\":null}");
    breach("{\"type\":\"tunnels\",\"tickets\":[]}");
    breach("{\"type\":\"tunnels\",\"tickets\":[null]}");
    breach("{\"type\":\"tunnels\",\"tickets\":[\"" + ID + "\",null]}");
    breach("{\"type\":\"tunnels\",\"tickets\":[\"" + ID + "\",\"short\"]}");
    breach("{\"type\":\"tunnels\",\"tickets\":\"" + ID + "\"}");
    breach(
        "{\"type\":\"tunnels\",\"tickets\":["
            + ("\"" + ID + "\",").repeat(400)
            + "\""
            + ID
            + "\"]}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":", "[{\"a\":", "{\"type\":["})
  void deepNestingIsABreachAndNoStackOverflow(String piece) {
    breach(piece.repeat(Message.MAX / piece.length()));
    breach("{\"type\":\"draining\",\"x\":" + piece.repeat(Message.MAX / piece.length() - 10));
  }

  @Test
  void deepNestingThatIsClosedAgainDoesNoHarm() throws IOException {
    int depth = 8000;
    try {
      assertNull(read("{\"type\":\"later\",\"x\":" + "[".repeat(depth) + "]".repeat(depth) + "}"));
    } catch (ProtocolException tooDeep) {
      assertFalse(tooDeep.getMessage().isEmpty());
    }
  }

  @Test
  void duplicateKeysAreNeverTwoMeanings() throws IOException {
    try {
      Message message = read("{\"type\":\"welcome\",\"type\":\"draining\",\"version\":\"1\"}");
      assertEquals(new Message.Draining(), message);
    } catch (ProtocolException refused) {
      assertFalse(refused.getMessage().isEmpty());
    }
  }

  @Test
  void secretsAreInNoText() {
    for (Message message :
        List.of(
            new Message.Control(SECRET, "1", "h", ID),
            new Message.TunnelHello(ID, ID),
            new Message.Tunnels(true, 0, List.of(ID)))) {
      assertFalse(message.toString().contains("secret"), message.toString());
      assertFalse(message.toString().contains(ID), message.toString());
    }
  }

  /** Not in the message nor in a cause, which somebody might log. */
  @Test
  void secretsAndControlCharactersAreInNoBreach() {
    List<String> wrong = new ArrayList<>();
    for (String secret : List.of(SECRET, SECRET + "\\n", SECRET + "\\u001b[31m")) {
      wrong.add(
          "{\"type\":\"control\",\"secret\":\"" + secret + "\",\"version\":7.5,\"dialled\":[]}");
      wrong.add("{\"type\":\"control\",\"secret\":\"" + secret + secret + "\",\"version\":\"\"}");
      wrong.add(
          "{\"type\":\"control\",\"secret\":\""
              + secret
              + "\",\"version\":\"\\n\",\"dialled\":\"\"}");
      wrong.add("{\"type\":\"control\",\"secret\":\"" + secret + "\"");
      wrong.add("{\"type\":\"tunnel\",\"ticket\":\"" + secret + "\"}");
      wrong.add("{\"type\":\"heartbeat\",\"nanos\":\"" + secret + "\"}");
      wrong.add(EXPOSE.replace("\"service\":1", "\"service\":\"" + secret + "\""));
      wrong.add(EXPOSE.replace("\"publicPort\":80", "\"" + secret + "\":80,\"publicPort\":\"x\""));
      wrong.add("{\"type\":\"tunnels\",\"tickets\":[\"" + ID + "\",\"" + secret + "\"]}");
    }
    for (String json : wrong) {
      for (Throwable e = breach(json); e != null; e = e.getCause()) {
        String text = String.valueOf(e.getMessage());
        assertFalse(text.contains(SECRET), text);
        assertFalse(text.contains(ID), text);
        assertTrue(text.chars().noneMatch(Character::isISOControl), text);
        assertTrue(text.length() < 200, text);
      }
    }
  }

  /** A fixed seed: bytes of all kinds lead to a message, to nothing, or to a breach. */
  @Test
  void randomBytesNeverLeadToAnythingElse() {
    Random random = new Random(1);
    byte[] good = EXPOSE.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        bytes[random.nextInt(bytes.length)] =
            (byte)
                (random.nextBoolean()
                    ? random.nextInt(256)
                    : "{}[]\",:0-".charAt(random.nextInt(9)));
      }
      try {
        read(bytes);
      } catch (ProtocolException breach) {
        assertTrue(breach.getMessage().chars().noneMatch(Character::isISOControl));
      } catch (IOException e) {
        throw new AssertionError(new String(bytes, StandardCharsets.ISO_8859_1), e);
      }
    }
  }
}
