package l4proxy.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doCallRealMethod;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.spy;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** Else each is there twice, and the second of each is another for the server. */
  @Test
  void servicesOfTheBeginningAreThereOnceThoughMemoryWasShort() {
    Services services = spy(new Services(null));
    doCallRealMethod()
        .doThrow(new OutOfMemoryError("no more for now"))
        .doCallRealMethod()
        .when(services)
        .add(any());
    AtomicInteger asked = new AtomicInteger();
    Reconfiguration reconfiguration =
        new Reconfiguration(
            services,
            wanted -> {
              asked.incrementAndGet();
              return wanted.stream().map(each -> mock(Instances.Instance.class)).toList();
            },
            mock(ProxyClient.class));
    ServiceConfig other = ServiceConfig.of("ssh", new HostPort("127.0.0.1", 22), 0);
    assertThrows(OutOfMemoryError.class, () -> reconfiguration.begin(List.of(WANTED, other)));
    reconfiguration.begin(List.of(WANTED, other));
    reconfiguration.begin(List.of(WANTED, other));
    assertEquals(
        List.of(WANTED, other), services.configured().stream().map(Service::config).toList());
    assertEquals(1, asked.get(), "ids that this process has were asked for once more");
  }
}
