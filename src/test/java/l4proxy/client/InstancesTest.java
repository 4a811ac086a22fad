package l4proxy.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.file.Path;
import java.util.List;
import l4proxy.RecordedEvents;
import l4proxy.net.HostPort;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who has the id of a service that becomes another one. */
@Timeout(60)
final class InstancesTest {
  @TempDir Path directory;

  private Instances instances() {
    return new Instances(directory, new RecordedEvents());
  }

  private static ServiceConfig service(String name) {
    return ServiceConfig.of(name, new HostPort("127.0.0.1", 9), 0);
  }

  private static Instances.Instance take(Instances from, String name) {
    return from.take("server:1", List.of(service(name))).getFirst();
  }

  @Test
  void idGoesWithItsService() {
    try (Instances first = instances()) {
      Instances.Instance instance = take(first, "before");
      instance.keep();
      instance.isOf(service("after"));
      try (Instances second = instances()) {
        assertNotEquals(instance.id(), take(second, "before").id());
      }
      first.close();
      try (Instances second = instances()) {
        assertEquals(instance.id(), take(second, "after").id());
      }
    }
  }

  /** A client that leaves may hear of a change yet: the next process has its ids by then. */
  @Test
  void idThatWasGivenBackIsLeftToWhoHasIt() {
    try (Instances first = instances();
        Instances second = instances();
        Instances third = instances()) {
      Instances.Instance instance = take(first, "before");
      instance.keep();
      first.close();
      assertEquals(instance.id(), take(second, "before").id());
      instance.isOf(service("after"));
      second.close();
      assertEquals(instance.id(), take(third, "before").id());
    }
  }
}
