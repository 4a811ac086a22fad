package l4proxy.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a client's services are after SIGHUP, when the server takes them and when it does not. */
@Timeout(90)
final class ReloadTest {
  private static final String DONE = "is read again";

  @TempDir private Path home;
  private TestShell server;
  private TestShell client;
  private CompletableFuture<Integer> serverCode;
  private CompletableFuture<Integer> clientCode;
  private String address;
  private EchoBackend backend;
  private Path file;
  private final Queue<String> said = new ConcurrentLinkedQueue<>();
  private final Handler ears =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          said.add(line.getMessage());
        }

        @Override
        public void flush() {
          // nothing is kept back
        }

        @Override
        public void close() {
          // nothing is open
        }
      };
  private final Logger log = Logger.getLogger("l4proxy.client");

  @BeforeEach
  void open() throws Exception {
    log.addHandler(ears);
    backend = new EchoBackend();
    server = new TestShell(home);
    client = new TestShell(home);
    serverCode =
        server.start(
            "server", "--ctl_addr", "127.0.0.1:0", "--api_addr", "none", "--ports", "10000-32000");
    String joins = server.line();
    address = joins.substring(joins.lastIndexOf(' ') + 1);
    file = home.resolve("client.json");
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    if (clientCode != null) {
      clientCode.get(30, TimeUnit.SECONDS);
    }
    server.close();
    serverCode.get(30, TimeUnit.SECONDS);
    backend.close();
    log.removeHandler(ears);
  }

  private void write(String... services) throws Exception {
    StringBuilder text = new StringBuilder("{\"server\": \"" + address + "\", \"services\": [");
    for (String each : services) {
      text.append(text.charAt(text.length() - 1) == '[' ? "" : ", ")
          .append("{\"port\": " + backend.port() + ", " + each.replace('\'', '"') + "}");
    }
    Files.writeString(file, text + "]}");
  }

  private void start() {
    clientCode = client.start("client", "--config", file.toString());
  }

  private static int free() throws Exception {
    for (int port = 10_000 + (int) (ProcessHandle.current().pid() % 10_000); ; port++) {
      try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
        return free.getLocalPort();
      } catch (java.net.BindException taken) {
        continue;
      }
    }
  }

  private static void isServed(int port) throws Exception {
    try (Socket user = new Socket("127.0.0.1", port)) {
      user.setSoTimeout(20_000);
      user.getOutputStream().write('x');
      assertEquals('x', user.getInputStream().read());
    }
  }

  private long count(String text) {
    return said.stream().filter(line -> line.contains(text)).count();
  }

  @Test
  void refusedPortLeavesTheServiceWhereItIs() throws Exception {
    int port = free();
    write("'name': 'web', 'publicPort': " + port);
    start();
    client.line();
    try (ServerSocket taken = new ServerSocket(free(), 1, InetAddress.getByName("127.0.0.1"))) {
      try (Socket user = new Socket("127.0.0.1", port)) {
        user.setSoTimeout(20_000);
        write("'name': 'web', 'publicPort': " + taken.getLocalPort());
        client.hangUp();
        await().atMost(Duration.ofSeconds(20)).until(() -> count("the server refused web") == 1);
        user.getOutputStream().write('x');
        assertEquals('x', user.getInputStream().read());
      }
      isServed(port);
      assertEquals(0, count(DONE), said.toString());
      assertEquals(0, client.rest().size());
    }
  }

  @Test
  void refusedOptionLeavesTheServiceAsItIs() throws Exception {
    int port = free();
    write("'name': 'web', 'publicPort': " + port);
    start();
    client.line();
    write("'name': 'web', 'intPort': 9, 'publicPort': " + port);
    client.hangUp();
    await().atMost(Duration.ofSeconds(20)).until(() -> count("the server refused web") == 1);
    isServed(port);
    assertEquals(0, count(DONE), said.toString());
    write("'name': 'web', 'publicPort': " + port);
    client.hangUp();
    assertEquals(1, count(DONE), said.toString());
  }

  @Test
  void portIsOpenElsewhereBeforeItIsClosed() throws Exception {
    write("'name': 'web'");
    start();
    String line = client.line();
    int before = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
    int port = free();
    write("'name': 'web', 'intPort': 0, 'publicPort': " + port);
    client.hangUp();
    assertEquals(1, count(DONE), said.toString());
    isServed(port);
    assertTrue(client.line().endsWith(":" + port));
    assertTrue(refuses(before));
    write("'name': 'web'");
    client.hangUp();
    isServed(port);
    assertEquals(0, client.rest().size(), "any port: so it stays where it is");
  }

  private static boolean refuses(int port) throws Exception {
    try (Socket user = new Socket("127.0.0.1", port)) {
      return !user.isConnected();
    } catch (java.net.ConnectException refused) {
      return true;
    }
  }

  @Test
  void servicesMayExchangeTheirPorts() throws Exception {
    try (EchoBackend other = new EchoBackend(socket -> socket.getOutputStream().write('o'))) {
      int one = free();
      int two = free() + 1;
      String second = "'name': 'b', 'host': '127.0.0.1'";
      write("'name': 'a', 'publicPort': " + one, second + ", 'publicPort': " + two);
      Files.writeString(
          file,
          Files.readString(file)
              .replace(
                  "\"port\": " + backend.port() + ", \"name\": \"b\"",
                  "\"port\": " + other.port() + ", \"name\": \"b\""));
      start();
      client.line();
      client.line();
      isServed(one);
      Files.writeString(
          file,
          Files.readString(file)
              .replace(": " + one, ": 0000")
              .replace(": " + two, ": " + one)
              .replace(": 0000", ": " + two));
      client.hangUp();
      assertEquals(1, count(DONE), said.toString());
      isServed(two);
      try (Socket user = new Socket("127.0.0.1", one)) {
        user.setSoTimeout(20_000);
        assertEquals('o', user.getInputStream().read());
      }
      assertFalse(said.toString().contains("refused"), said.toString());
    }
  }

  @Test
  void sharedPortMayHaveAnotherRule() throws Exception {
    String shared = ", 'sharePublicPort': true, 'publicPort': " + free();
    write("'name': 'a'" + shared, "'name': 'b'" + shared);
    start();
    client.line();
    client.line();
    write("'name': 'a', 'balance': 'first'" + shared, "'name': 'b', 'balance': 'first'" + shared);
    client.hangUp();
    assertEquals(1, count(DONE), said.toString());
    assertFalse(said.toString().contains("refused"), said.toString());
  }

  @Test
  void fileWithoutServicesChangesNothing() throws Exception {
    write("'name': 'web'");
    start();
    String line = client.line();
    Files.writeString(file, "{\"server\": \"" + address + "\"}");
    client.hangUp();
    assertEquals(1, count("SIGHUP changes nothing: " + file + " has no service in it"), said + "");
    isServed(Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)));
  }
}
