package l4proxy.client;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.mockito.Mockito.mock;

import java.util.List;
import java.util.Optional;
import l4proxy.net.HostPort;
import org.junit.jupiter.api.Test;

/** A client goes over to other services. */
final class ReconfigurationTest {
  private static final ServiceConfig WANTED =
      new ServiceConfig(
          "web", new HostPort("127.0.0.1", 1), 0, false, Optional.empty(), 0, Optional.empty());

  /** Else a client whose last service somebody ends afterwards would stay for nothing. */
  @Test
  void nothingIsAwaitedWhenServicesCannotBeAdded() {
    Reconfiguration reconfiguration =
        new Reconfiguration(
            new Services(null),
            services -> {
              throw new OutOfMemoryError("no more for now");
            },
            mock(ProxyClient.class));
    assertThrows(OutOfMemoryError.class, () -> reconfiguration.to(List.of(WANTED), refused -> {}));
    assertFalse(reconfiguration.isAdding());
  }
}
