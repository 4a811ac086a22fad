package l4proxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import l4proxy.InMemory;

/**
 * Whatever a user of the forward proxy sends: what is passed on to the host has one reading, the
 * proxy's own, and everything else is refused with a sentence.
 */
final class RequestHeadsFuzzTest {
  @FuzzTest(maxDuration = "10m")
  void bytes(byte[] data) throws IOException {
    request(data);
    response(data);
  }

  private static void request(byte[] data) throws IOException {
    InMemory user = new InMemory(data, 4096);
    try {
      RequestHead head = HeadReader.request(user.in());
      if (head == null) {
        assertEquals(0, data.length);
        return;
      }
      assertTrue(user.taken() <= HeadReader.REQUEST, "a head of " + user.taken());
      Target target = Target.of(head);
      Framing framing = Framing.of(head);
      assertFalse(target.address().host().isEmpty());
      assertTrue(target.address().port() > 0);
      if (!head.method().equals("CONNECT")) {
        passedOn(head, target, framing);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        Body.copy(framing, user.in(), Sink.raw(body));
        assertTrue(body.size() <= data.length);
      }
    } catch (Rejection no) {
      assertTrue(no.sentence().matches("[ -~]+\\."), no.sentence());
      assertFalse(no.reason().isEmpty());
    } catch (EOFException ended) {
      // the head or the body is cut off
    }
  }

  /** What the host reads is what the proxy read: method, path, fields, and where the body ends. */
  private static void passedOn(RequestHead head, Target target, Framing framing)
      throws IOException {
    byte[] bytes = Heads.request(new Request(head, target, framing));
    InMemory host = new InMemory(bytes, bytes.length);
    RequestHead read = HeadReader.request(host.in());
    assertEquals(bytes.length, host.taken(), "the host reads another end of the head");
    assertEquals(head.method(), read.method());
    assertEquals(target.path(), read.target());
    assertEquals(framing, Framing.of(read), "the host reads another body");
    assertEquals(1, read.fields().values("Host").size());
    assertTrue(read.fields().values("Proxy-Authorization").isEmpty());
    assertTrue(read.fields().values("Connection").isEmpty());
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    assertEquals(read.fields().all().size() + 2, text.split("\r\n", -1).length - 1);
  }

  private static void response(byte[] data) throws IOException {
    InMemory host = new InMemory(data, 4096);
    try {
      ResponseHead head = HeadReader.response(host.in());
      assertTrue(host.taken() <= HeadReader.RESPONSE, "a head of " + host.taken());
      Framing framing = Framing.of(head, "GET");
      byte[] bytes = Heads.response(head, framing, true);
      InMemory user = new InMemory(bytes, bytes.length);
      ResponseHead read = HeadReader.response(user.in());
      assertEquals(bytes.length, user.taken(), "the user reads another end of the head");
      assertEquals(head.status(), read.status());
      assertEquals(framing, Framing.of(read, "GET"), "the user reads another body");
    } catch (Rejection no) {
      assertTrue(no.sentence().matches("[ -~]+\\."), no.sentence());
    } catch (EOFException ended) {
      // cut off
    }
  }
}
