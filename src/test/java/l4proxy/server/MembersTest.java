package l4proxy.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import java.net.InetAddress;
import java.util.Random;
import java.util.Set;
import l4proxy.wire.Message;
import org.junit.jupiter.api.Test;

/** Who is given the next user, seen from the moment in which a client goes. */
final class MembersTest {
  private static final InetAddress USER = InetAddress.getLoopbackAddress();

  private final Members members = new Members(new Random(1), 0);
  private final ClientSession session = mock();
  private final Service service =
      new Service("key", asked(), mock(PublicPort.class), false, "host");

  private static Message.Expose asked() {
    return new Message.Expose(0, "ssh", "b:1", "A".repeat(22), 0, 0, false, null, 0, null);
  }

  /** Its service is told of it later, so that users have to wait until then. */
  private void assertPassedOver() {
    assertFalse(members.connected());
    assertNull(members.choose(Set.of(), USER));
  }

  private void attach() {
    when(session.process()).thenReturn("process");
    service.attach(new Exposure(session, asked(), null), "host");
    members.add(service);
    assertTrue(members.connected());
    assertSame(service, members.choose(Set.of(), USER));
  }

  @Test
  void clientWhoseSessionIsOverIsPassedOver() {
    attach();
    when(session.over()).thenReturn(true);
    assertPassedOver();
  }

  @Test
  void clientThatDrainsIsPassedOver() {
    attach();
    when(session.draining()).thenReturn(true);
    assertPassedOver();
  }
}
