package l4proxy.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Whatever arrives as a control message is a message, which comes out as it went in, or a breach.
 */
final class ControlMessagesFuzzTest {
  private static final int LONGEST_BREACH = 200;

  @FuzzTest(maxDuration = "10m")
  void bytes(byte[] data) throws IOException {
    read(data);
    read(ByteBuffer.allocate(4 + data.length).putInt(data.length).put(data).array());
  }

  private static void read(byte[] data) throws IOException {
    ByteArrayInputStream in = new ByteArrayInputStream(data);
    Message message;
    try {
      message = Messages.read(in);
    } catch (ProtocolException breach) {
      String text = breach.getMessage();
      assertTrue(text.length() < LONGEST_BREACH, text);
      assertFalse(text.chars().anyMatch(Character::isISOControl), text);
      return;
    } catch (IOException ended) {
      assertTrue(ended.getMessage().contains("ended"), ended.getMessage());
      return;
    }
    int taken = data.length - in.available();
    assertTrue(taken >= 6 && taken <= 4 + Message.MAX, "took " + taken);
    if (message != null) {
      ByteArrayOutputStream again = new ByteArrayOutputStream();
      Messages.write(again, message);
      assertEquals(message, Messages.read(new ByteArrayInputStream(again.toByteArray())));
      assertTrue(message.toString().length() < Message.MAX);
    }
  }
}
