package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** nginx and haproxy as backends read the user's address back from the PROXY protocol. */
@Tag("beside")
@Timeout(150)
final class UserAddressIT {
  @TempDir private Path directory;

  /** What a backend answers a user with whose address is known here. */
  private record Seen(String user, String address, String answer) {}

  private static Seen ask(int port, InetAddress host) throws IOException {
    try (Socket user = new Socket()) {
      user.setSoTimeout(20_000);
      user.connect(new InetSocketAddress(host, port));
      user.getOutputStream()
          .write("GET /who HTTP/1.0\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer = new String(user.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      String ip = host.getHostAddress().equals("0:0:0:0:0:0:0:1") ? "::1" : host.getHostAddress();
      return new Seen(ip + " " + user.getLocalPort(), ip + " " + port, answer.strip());
    }
  }

  private static void read(int port, String host) throws IOException {
    Seen seen = ask(port, InetAddress.ofLiteral(host));
    String line = seen.answer().lines().filter(l -> l.startsWith("seen ")).findFirst().orElse("");
    String normal = line.replace("0:0:0:0:0:0:0:1", "::1");
    assertEquals("seen " + seen.user() + " at " + seen.address(), normal, seen.answer());
  }

  /** A server on every address, so that users come by IPv4 and IPv6. */
  private static int exposed(Account account, int backend, String... words)
      throws IOException, InterruptedException {
    account.server("--ctl_addr", "[::]:" + account.controlPort());
    Program client = account.client(backend, words);
    return Account.publicPort(client);
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v2"})
  void nginxReadsTheUsersAddress(String version) throws IOException, InterruptedException {
    try (Nginx nginx =
            Nginx.configured(
                directory,
                "listen 127.0.0.1:%d proxy_protocol;",
                """
                location /who {
                  return 200 "seen $proxy_protocol_addr $proxy_protocol_port at $proxy_protocol_server_addr $proxy_protocol_server_port";
                }
                """);
        Account account = new Account(directory)) {
      int port = exposed(account, nginx.port(), "--proxy_protocol", version);
      read(port, "127.0.0.1");
      read(port, "::1");
      read(port, "127.0.0.1"); // through a tunnel that was used before
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"v1", "v2"})
  void haproxyReadsTheUsersAddress(String version) throws IOException, InterruptedException {
    int listens = FreePorts.next();
    Path conf = directory.resolve("haproxy.cfg");
    Files.writeString(
        conf,
        """
        defaults
          mode http
          timeout client 10s
          timeout server 10s
          timeout connect 5s
        frontend who
          bind 127.0.0.1:%d accept-proxy
          http-request return status 200 content-type text/plain lf-string "seen %%[src] %%[src_port] at %%[dst] %%[dst_port]"
        """
            .formatted(listens));
    try (Program haproxy =
            Program.start(directory, Tools.require("haproxy"), "-db", "-f", conf.toString());
        Account account = new Account(directory)) {
      Tcp.awaitListening(listens, haproxy);
      int port = exposed(account, listens, "--proxy_protocol", version);
      read(port, "127.0.0.1");
      read(port, "::1");
    }
  }

  @Test
  void headerComesBeforeEveryByteAndOnce() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend();
        Account account = new Account(directory)) {
      account.server();
      int port = Account.publicPort(account.client(backend.port(), "--proxy_protocol", "v1"));
      for (int i = 0; i < 3; i++) {
        try (Socket user = Users.connect(port)) {
          user.getOutputStream().write("hello".getBytes(StandardCharsets.US_ASCII));
          user.shutdownOutput();
          String all = new String(user.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
          assertEquals(
              "PROXY TCP4 127.0.0.1 127.0.0.1 " + user.getLocalPort() + " " + port + "\r\nhello",
              all);
        }
      }
    }
  }

  @Test
  void backendIsToldNothingUnlessItIsAskedFor() throws IOException, InterruptedException {
    try (EchoBackend backend = new EchoBackend();
        Account account = new Account(directory)) {
      account.server();
      int port = Account.publicPort(account.client(backend.port()));
      try (Socket user = Users.connect(port)) {
        user.shutdownOutput();
        assertFalse(user.getInputStream().read() >= 0);
      }
      Program wrong = account.client(backend.port(), "--proxy_protocol", "3");
      assertEquals(2, wrong.exit(), wrong.said());
      assertEquals(List.of(), wrong.out().all());
    }
  }
}
