package l4proxy.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import l4proxy.net.HostPort;
import l4proxy.wire.Balance;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which service is which when a client's file was changed. */
class ChangeTest {
  @TempDir Path directory;
  private Instances instances;
  private int numbers;

  @BeforeEach
  void open() {
    instances = new Instances(directory, event -> {});
  }

  @AfterEach
  void close() {
    instances.close();
  }

  private static ServiceConfig config(String name, int backend, int publicPort) {
    return ServiceConfig.of(name, new HostPort("127.0.0.1", backend), publicPort);
  }

  private Service service(ServiceConfig config) {
    return new Service(
        numbers++, config, instances.take("server:2222", List.of(config)).getFirst());
  }

  @Test
  void sameServicesStayWhateverTheirOrder() {
    Service ssh = service(config("ssh", 22, 0));
    Service web = service(config("web", 80, 8080));
    assertEquals(
        new Change(
            List.of(), Map.of(ssh, config("ssh", 22, 0), web, config("web", 80, 8080)), List.of()),
        Change.of(List.of(ssh, web), List.of(config("web", 80, 8080), config("ssh", 22, 0))));
  }

  @Test
  void equalServicesArePairedOneToOne() {
    Service one = service(config("ssh", 22, 0));
    Service two = service(config("ssh", 22, 0));
    Change change = Change.of(List.of(one, two), List.of(config("ssh", 22, 0)));
    assertEquals(List.of(two), change.gone());
    assertEquals(Map.of(one, config("ssh", 22, 0)), change.kept());
  }

  @Test
  void otherOptionsBackendOrNameAreTheSameService() {
    Service shared = service(config("shared", 1, 0));
    Service moved = service(config("moved", 2, 7000));
    Service called = service(config("called", 3, 0));
    ServiceConfig sharing =
        new ServiceConfig(
            "shared",
            new HostPort("127.0.0.1", 1),
            0,
            true,
            Optional.empty(),
            0,
            Optional.of(new Sharing(Balance.SOURCE.text(), 1, 0)));
    List<ServiceConfig> wanted =
        List.of(config("otherwise", 3, 0), config("moved", 9, 7000), sharing);
    assertEquals(
        new Change(
            List.of(),
            Map.of(called, wanted.get(0), moved, wanted.get(1), shared, sharing),
            List.of()),
        Change.of(List.of(shared, moved, called), wanted));
  }

  @Test
  void otherPublicPortIsTheSameServiceByNameOrBackend() {
    Service web = service(config("web", 80, 8080));
    ServiceConfig wanted = config("web", 80, 8081);
    assertEquals(
        new Change(List.of(), Map.of(web, wanted), List.of()),
        Change.of(List.of(web), List.of(wanted)));
    ServiceConfig other = config("other", 81, 8081);
    assertEquals(
        new Change(List.of(web), Map.of(), List.of(other)),
        Change.of(List.of(web), List.of(other)));
  }

  @Test
  void samePublicPortIsTheSameServiceWhateverItsNameAndBackend() {
    Service web = service(config("web", 80, 8080));
    ServiceConfig wanted = config("other", 81, 8080);
    assertEquals(
        new Change(List.of(), Map.of(web, wanted), List.of()),
        Change.of(List.of(web), List.of(wanted)));
    Service any = service(config("any", 80, 0));
    assertEquals(List.of(any), Change.of(List.of(any), List.of(config("one", 81, 0))).gone());
  }

  @Test
  void closestIsTakenBeforeTheFirst() {
    Service one = service(config("web", 1, 0));
    Service two = service(config("web", 2, 0));
    Change change = Change.of(List.of(one, two), List.of(config("web", 2, 0), config("web", 3, 0)));
    assertEquals(Map.of(two, config("web", 2, 0), one, config("web", 3, 0)), change.kept());
    assertEquals(List.of(), new ArrayList<>(change.gone()));
  }
}
