package l4proxy.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import l4proxy.EchoBackend;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A certificate for browsers is shown to browsers; clients go by the pin, whatever the certificate.
 */
@Tag("beside")
@Timeout(150)
final class WebCertificateIT {
  @TempDir private Path directory;

  private void certify() throws IOException, InterruptedException {
    Program.run(
        directory,
        Duration.ofSeconds(20),
        Tools.require("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem");
  }

  private void isShown(Account account) throws IOException, InterruptedException {
    Curl.Answer answer =
        Curl.ask(
            directory,
            "--cacert",
            directory.resolve("cert.pem").toString(),
            "--resolve",
            "localhost:" + account.controlPort() + ":127.0.0.1",
            "https://localhost:" + account.controlPort() + "/healthz");
    assertEquals(200, answer.status(), answer.body());
  }

  private Program server(Account account) throws IOException, InterruptedException {
    return account.server(
        "--tls_cert", directory.resolve("cert.pem").toString(),
        "--tls_key", directory.resolve("key.pem").toString());
  }

  @Test
  void browsersSeeItAndARenewalBreaksNoKey() throws IOException, InterruptedException {
    try (Account account = new Account(directory.resolve("account"));
        EchoBackend backend = new EchoBackend()) {
      certify();
      Program server = server(account);
      isShown(account);
      Program client = account.client(backend.port());
      int port = Account.publicPort(client);
      Users.isServed(port);
      String before = Files.readString(directory.resolve("cert.pem"));

      certify();
      assertNotEquals(before, Files.readString(directory.resolve("cert.pem")));
      server.terminate();
      assertEquals(0, server.exit(), server.said());
      server(account);
      isShown(account);
      Users.awaitServed(port, Duration.ofSeconds(10));
      assertEquals(1, client.out().all().size(), client.said());
      assertTrue(client.isAlive(), client.said());
    }
  }

  @Test
  void keyOfAnotherCertificateIsRefused() throws IOException, InterruptedException {
    try (Account account = new Account(directory.resolve("account"))) {
      certify();
      Files.move(directory.resolve("cert.pem"), directory.resolve("other.pem"));
      certify();
      Program server =
          account.startServer(
              "--tls_cert", directory.resolve("other.pem").toString(),
              "--tls_key", directory.resolve("key.pem").toString());
      assertEquals(1, server.exit(), server.said());
      assertEquals(1, server.err().all().size(), server.said());
      assertEquals(0, server.err().count("Exception"), server.said());
      assertTrue(!Files.exists(account.state()), "it made a state before it failed");
    }
  }

  @Test
  void oneWithoutTheOtherIsRefused() throws IOException, InterruptedException {
    try (Account account = new Account(directory.resolve("account"))) {
      certify();
      Program server = account.startServer("--tls_cert", directory.resolve("cert.pem").toString());
      assertEquals(2, server.exit(), server.said());
      assertEquals(1, server.err().count("--tls_cert and --tls_key"), server.said());
    }
  }
}
