package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import l4proxy.wire.TunnelState.Side;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every frame in every state of both ends. */
final class TunnelStateTest {
  /** How a tunnel gets into a state: {@code >} the server says it, {@code <} the client does. */
  private record Said(boolean byServer, FrameType type) {
    static Said of(String text) {
      return new Said(text.charAt(0) == '>', FrameType.valueOf(text.substring(1)));
    }
  }

  private static TunnelState at(Side side, String history) throws ProtocolException {
    TunnelState state = new TunnelState(side);
    for (String word : history.isEmpty() ? new String[0] : history.split(" ")) {
      Said said = Said.of(word);
      if (said.byServer() == (side == Side.SERVER)) {
        assertTrue(state.send(said.type(), 0), word);
      } else {
        int next = said.type() == FrameType.OPEN ? state.number() + 1 : state.number();
        assertTrue(state.receive(said.type(), next), word);
      }
    }
    return state;
  }

  private static Set<FrameType> frames(String text) {
    Set<FrameType> set = EnumSet.noneOf(FrameType.class);
    for (String word : text.split(" ")) {
      if (!word.isEmpty()) {
        set.add(FrameType.valueOf(word));
      }
    }
    return set;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // how it came to this                   what the server may send      what it takes
        "''                                    | OPEN PING PONG              | PONG",
        ">OPEN                                 | DATA FIN RESET PING PONG    | OPENED REFUSED PONG",
        ">OPEN >FIN                            | RESET PING PONG             | OPENED REFUSED PONG",
        ">OPEN >RESET                          | PING PONG                   | OPENED REFUSED PONG",
        ">OPEN >FIN >RESET                     | PING PONG                   | OPENED REFUSED PONG",
        ">OPEN <REFUSED                        | DATA FIN RESET PING PONG    | PONG",
        ">OPEN >FIN <REFUSED                   | RESET PING PONG             | DONE PONG",
        ">OPEN <REFUSED >RESET                 | PING PONG                   | DONE PONG",
        ">OPEN <OPENED                         | DATA FIN RESET PING PONG    | DATA FIN RESET PING"
            + " PONG",
        ">OPEN <OPENED >FIN                    | RESET PING PONG             | DATA FIN RESET PING"
            + " PONG",
        ">OPEN <OPENED >RESET                  | PING PONG                   | DATA FIN RESET PING"
            + " PONG",
        ">OPEN <OPENED <FIN                    | DATA FIN RESET PING PONG    | RESET PING PONG",
        ">OPEN <OPENED <RESET                  | DATA FIN RESET PING PONG    | PING PONG",
        ">OPEN <OPENED <FIN <RESET             | DATA FIN RESET PING PONG    | PING PONG",
        ">OPEN <OPENED >FIN <FIN               | RESET PING PONG             | RESET DONE PING"
            + " PONG",
        ">OPEN <OPENED >FIN <RESET             | RESET PING PONG             | DONE PING PONG",
        ">OPEN <OPENED >RESET <FIN             | PING PONG                   | RESET DONE PING"
            + " PONG",
        ">OPEN <OPENED >RESET <RESET           | PING PONG                   | DONE PING PONG",
        ">OPEN <OPENED >FIN <FIN <DONE         | OPEN PING PONG              | PONG",
        ">OPEN <OPENED >RESET <RESET <DONE     | OPEN PING PONG              | PONG",
        ">OPEN <REFUSED >RESET <DONE           | OPEN PING PONG              | PONG",
        ">OPEN >FIN <REFUSED <DONE             | OPEN PING PONG              | PONG",
      })
  void serverSaysAndTakesWhatFits(String history, String says, String takes) throws Exception {
    table(Side.SERVER, history, frames(says), frames(takes), Set.of());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // how it came to this                   what the client may send      what it takes
        "''                                    | PONG                        | OPEN PING PONG      "
            + "     | RESET",
        ">OPEN                                 | OPENED REFUSED PONG         | DATA FIN RESET PING"
            + " PONG | ''",
        ">OPEN >FIN                            | OPENED REFUSED PONG         | RESET PING PONG     "
            + "     | ''",
        ">OPEN >RESET                          | OPENED REFUSED PONG         | PING PONG           "
            + "     | ''",
        ">OPEN <REFUSED                        | PONG                        | DATA FIN RESET PING"
            + " PONG | ''",
        ">OPEN <REFUSED >FIN                   | DONE PONG                   | RESET PING PONG     "
            + "     | ''",
        ">OPEN <REFUSED >RESET                 | DONE PONG                   | PING PONG           "
            + "     | ''",
        ">OPEN >FIN <REFUSED                   | DONE PONG                   | RESET PING PONG     "
            + "     | ''",
        ">OPEN <OPENED                         | DATA FIN RESET PING PONG    | DATA FIN RESET PING"
            + " PONG | ''",
        ">OPEN <OPENED <FIN                    | RESET PING PONG             | DATA FIN RESET PING"
            + " PONG | ''",
        ">OPEN <OPENED <RESET                  | PING PONG                   | DATA FIN RESET PING"
            + " PONG | ''",
        ">OPEN <OPENED >FIN                    | DATA FIN RESET PING PONG    | RESET PING PONG     "
            + "     | ''",
        ">OPEN <OPENED >RESET                  | DATA FIN RESET PING PONG    | PING PONG           "
            + "     | ''",
        ">OPEN <OPENED >FIN >RESET             | DATA FIN RESET PING PONG    | PING PONG           "
            + "     | ''",
        ">OPEN <OPENED >FIN <FIN               | RESET DONE PING PONG        | RESET PING PONG     "
            + "     | ''",
        ">OPEN <OPENED >RESET <FIN             | RESET DONE PING PONG        | PING PONG           "
            + "     | ''",
        ">OPEN <OPENED >RESET <RESET           | DONE PING PONG              | PING PONG           "
            + "     | ''",
        ">OPEN <OPENED >FIN <FIN <DONE         | PONG                        | OPEN PING PONG      "
            + "     | RESET",
        ">OPEN >FIN <REFUSED <DONE             | PONG                        | OPEN PING PONG      "
            + "     | RESET",
      })
  void clientSaysAndTakesWhatFits(String history, String says, String takes, String passes)
      throws Exception {
    table(Side.CLIENT, history, frames(says), frames(takes), frames(passes));
  }

  private static void table(
      Side side,
      String history,
      Set<FrameType> says,
      Set<FrameType> takes,
      Set<FrameType> passesOver)
      throws ProtocolException {
    for (FrameType type : FrameType.values()) {
      assertEquals(says.contains(type), at(side, history).send(type, 0), "send " + type);
      TunnelState state = at(side, history);
      int about = type == FrameType.OPEN ? state.number() + 1 : state.number();
      if (takes.contains(type)) {
        assertTrue(state.receive(type, about), "receive " + type);
      } else if (passesOver.contains(type)) {
        assertFalse(state.receive(type, about), "receive " + type);
      } else {
        assertThrows(ProtocolException.class, () -> state.receive(type, about), "receive " + type);
      }
    }
  }

  @Test
  void numbersOfAnotherOpeningAreABreach() throws Exception {
    for (String frame : List.of("OPENED", "REFUSED", "RESET", "DONE")) {
      String history =
          switch (frame) {
            case "RESET" -> ">OPEN <OPENED";
            case "DONE" -> ">OPEN <OPENED >FIN <FIN";
            default -> ">OPEN";
          };
      FrameType type = FrameType.valueOf(frame);
      for (int about : new int[] {0, 2, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
        TunnelState server = at(Side.SERVER, history);
        assertThrows(ProtocolException.class, () -> server.receive(type, about), frame + about);
      }
      assertTrue(at(Side.SERVER, history).receive(type, 1), frame);
    }
  }

  @Test
  void openingsAreCountedUpwards() throws Exception {
    TunnelState client = at(Side.CLIENT, ">OPEN >FIN <REFUSED <DONE");
    assertThrows(ProtocolException.class, () -> client.receive(FrameType.OPEN, 1));
    assertThrows(ProtocolException.class, () -> client.receive(FrameType.OPEN, 0));
    assertTrue(client.receive(FrameType.OPEN, 2));
    assertEquals(2, client.number());
  }

  @Test
  void resetOfAnEarlierOpeningDoesNotEndThisOne() throws Exception {
    TunnelState client = at(Side.CLIENT, ">OPEN >FIN <REFUSED <DONE >OPEN <OPENED");
    assertFalse(client.receive(FrameType.RESET, 1));
    assertTrue(client.receive(FrameType.DATA, 0));
    assertThrows(ProtocolException.class, () -> client.receive(FrameType.RESET, 3));
  }

  @Test
  void resetOfAnEarlierOpeningIsNotSent() throws Exception {
    for (Side side : Side.values()) {
      TunnelState state = at(side, ">OPEN <OPENED >RESET <RESET <DONE >OPEN <OPENED");
      assertFalse(state.send(FrameType.RESET, 1), side.toString());
      assertTrue(state.send(FrameType.DATA, 0), side.toString());
      assertTrue(state.send(FrameType.RESET, 2), side.toString());
    }
  }

  @Test
  void phasesAreSeenFromOutside() throws Exception {
    for (Side side : Side.values()) {
      assertTrue(at(side, "").idle());
      assertTrue(at(side, ">OPEN").opening());
      assertFalse(at(side, ">OPEN <OPENED").opening());
      assertFalse(at(side, ">OPEN >FIN").halfClosed());
      assertFalse(at(side, ">OPEN <OPENED").halfClosed());
      assertTrue(at(side, ">OPEN <OPENED >FIN").halfClosed());
      assertTrue(at(side, ">OPEN <OPENED <FIN").halfClosed());
      assertFalse(at(side, ">OPEN <OPENED >FIN <FIN").halfClosed());
      assertFalse(at(side, ">OPEN <OPENED >FIN").over());
      assertTrue(at(side, ">OPEN <OPENED >FIN <RESET").over());
      assertFalse(at(side, ">OPEN <REFUSED").over());
      assertTrue(at(side, ">OPEN <REFUSED >RESET").over());
      assertFalse(at(side, ">OPEN <REFUSED >RESET").idle());
    }
  }

  @Test
  void breachChangesNothing() throws Exception {
    TunnelState server = at(Side.SERVER, ">OPEN <OPENED");
    assertThrows(ProtocolException.class, () -> server.receive(FrameType.DONE, 1));
    assertThrows(ProtocolException.class, () -> server.receive(FrameType.RESET, 7));
    assertDoesNotThrow(() -> server.receive(FrameType.DATA, 0));
  }
}
