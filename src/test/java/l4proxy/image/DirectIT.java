package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Users go straight to a backend that the server reaches at its client's own address. */
@Timeout(150)
final class DirectIT {
  private static final Duration CHECKED_AGAIN = Duration.ofSeconds(45);

  @TempDir private Path directory;
  private final int api = FreePorts.next();
  private Account account;
  private Program server;
  private EchoBackend backend;

  @BeforeEach
  void open() throws IOException, InterruptedException {
    account = new Account(directory);
    server = account.server("--api_addr", "127.0.0.1:" + api);
    backend = new EchoBackend();
  }

  @AfterEach
  void close() throws IOException {
    backend.close();
    account.close();
  }

  /** The one client, as the API shows it. */
  private JsonObject shown() throws IOException, InterruptedException {
    return Curl.ask(
            directory,
            "-H",
            "Authorization: Bearer " + account.rememberedKey(),
            "http://127.0.0.1:" + api + "/v1/clients")
        .json()
        .getAsJsonArray("clients")
        .get(0)
        .getAsJsonObject();
  }

  private int relayPort() throws InterruptedException {
    return Integer.parseInt(
        server.awaitErr("^.* is at 127\\.0\\.0\\.1:[0-9]+$").text().replaceAll(".*:", ""));
  }

  @Test
  void backendThatAnswersIsThePublicAddressAndTheRelayStaysOpen()
      throws IOException, InterruptedException {
    Program client =
        account.client(backend.port(), "--backend_port", String.valueOf(backend.port()));
    assertEquals(backend.port(), Account.publicPort(client));
    assertTrue(shown().get("direct").getAsBoolean());
    assertEquals("127.0.0.1:" + backend.port(), shown().get("publicAddress").getAsString());
    Users.isServed(relayPort());
    assertEquals(1, client.out().all().size(), client.said());
  }

  @Test
  void backendThatDoesNotAnswerIsReachedThroughTheRelay() throws IOException, InterruptedException {
    Program client =
        account.client(backend.port(), "--backend_port", String.valueOf(FreePorts.next()));
    assertEquals(relayPort(), Account.publicPort(client));
    assertFalse(shown().get("direct").getAsBoolean());
    Users.isServed(relayPort());
    assertEquals(1, client.out().all().size(), client.said());
  }

  @Test
  @Tag("beside")
  void addressIsTheRelaysWhileTheBackendDoesNotAnswer() throws IOException, InterruptedException {
    int own = FreePorts.next();
    Program client;
    try (ServerSocket answering = new ServerSocket()) {
      answering.bind(FreePorts.loopback(own));
      client = account.client(backend.port(), "--backend_port", String.valueOf(own));
      assertEquals(own, Account.publicPort(client));
    }
    client.await(client.out(), ":" + relayPort() + "$", 0, CHECKED_AGAIN);
    assertFalse(shown().get("direct").getAsBoolean());
    try (ServerSocket answering = new ServerSocket()) {
      answering.bind(FreePorts.loopback(own));
      client.await(client.out(), ":" + own + "$", 1, CHECKED_AGAIN);
      assertTrue(shown().get("direct").getAsBoolean());
    }
    assertEquals(3, client.out().all().size(), client.said());
  }

  @Test
  void restartedServerKeepsTheRelaysPort() throws IOException, InterruptedException {
    Program client =
        account.client(backend.port(), "--backend_port", String.valueOf(backend.port()));
    assertEquals(backend.port(), Account.publicPort(client));
    int relay = relayPort();
    server.kill();
    server.exit();
    server = account.server("--api_addr", "127.0.0.1:" + api);
    assertEquals(relay, relayPort());
    server.awaitErr("answers at 127\\.0\\.0\\.1:" + backend.port() + " itself");
    Users.isServed(relay);
    assertEquals(1, client.out().all().size(), client.said());
  }
}
