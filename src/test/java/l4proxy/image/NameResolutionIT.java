package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client looks its server's name up anew for each attempt. */
@Tag("beside")
@Timeout(150)
final class NameResolutionIT {
  private static final String NAME = "proxy.test";

  @TempDir private Path directory;

  private Path resolvesTo(String address) throws IOException {
    Path hosts = directory.resolve("hosts");
    Path next = directory.resolve("hosts.next");
    Files.writeString(next, address + " " + NAME + "\n");
    Files.move(next, hosts, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return hosts;
  }

  @Test
  void clientFollowsTheNameWhenItChanges() throws IOException, InterruptedException {
    try (Account account = new Account(directory);
        EchoBackend backend = new EchoBackend()) {
      String key = account.keyOfStopped("mover");
      Path hosts = resolvesTo("127.0.0.2");
      Program server = account.server();
      Program client =
          account.l4proxy(
              Map.of("L4PROXY_JOIN", key, "L4PROXY_JAVA_OPTS", "-Djdk.net.hosts.file=" + hosts),
              "client",
              "--svr_addr",
              NAME + ":" + account.controlPort(),
              "127.0.0.1",
              String.valueOf(backend.port()));
      client.awaitErr("no connection to server");
      resolvesTo("127.0.0.1");
      int port = Account.publicPort(client);
      Users.isServed(port);

      server.terminate();
      assertEquals(0, server.exit(), server.said());
      resolvesTo("127.0.0.3");
      account.server("--ctl_addr", "127.0.0.3:" + account.controlPort(), "--host", "127.0.0.3");
      client.await(
          client.out(),
          "^PUBLIC ADDRESS: 127\\.0\\.0\\.3:" + port + "$",
          0,
          Duration.ofSeconds(20));
      Users.isServed("127.0.0.3", port);
      assertEquals(2, client.out().all().size(), client.said());
    }
  }

  /** Of the addresses of a name each is tried: where the first is no server, and no backend. */
  @Test
  void allAddressesOfANameAreTried() throws IOException, InterruptedException {
    Path hosts = directory.resolve("hosts");
    Files.writeString(
        hosts, "127.0.0.9 proxy.test\n127.0.0.1 proxy.test\n127.0.0.1 web.test\n::1 web.test\n");
    try (Account account = new Account(directory);
        ServerSocket listener = new ServerSocket(0, 50, InetAddress.ofLiteral("::1"));
        EchoBackend _ = new EchoBackend(EchoBackend::echo, listener)) {
      account.server();
      Program client =
          account.l4proxy(
              Map.of(
                  "L4PROXY_JOIN",
                  account.rememberedKey(),
                  "L4PROXY_JAVA_OPTS",
                  "-Djdk.net.hosts.file=" + hosts),
              "client",
              "--svr_addr",
              NAME + ":" + account.controlPort(),
              "web.test",
              String.valueOf(listener.getLocalPort()));
      Users.isServed(Account.publicPort(client));
      assertEquals(0, client.err().count("no connection to server"), client.said());
    }
  }
}
